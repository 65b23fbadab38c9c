from django.apps import AppConfig

from kernel import facts, phrases


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.facts import SENTENCES
        from accounts.services.trail import trace

        phrases.declare(SENTENCES)
        facts.listen(trace)
