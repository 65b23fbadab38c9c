from django.apps import AppConfig

from kernel import facts, languages, phrases


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.facts import SENTENCES
        from accounts.queries.preferences import LANGUAGE
        from accounts.services.trail import trace

        languages.connect(LANGUAGE)
        phrases.declare(SENTENCES)
        facts.listen(trace)
