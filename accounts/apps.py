from django.apps import AppConfig

from kernel import facts, languages, letters, phrases
from kernel.jobs import HOUR, Periodic, register


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.facts import SENTENCES
        from accounts.queries.preferences import LANGUAGE
        from accounts.services.access_keys import forget_dead_keys
        from accounts.services.letters import CONFIRMATION, EMAIL_CHANGED
        from accounts.services.sessions import forget_expired_admin_sessions, forget_expired_sessions
        from accounts.services.sid_logins import forget_logins
        from accounts.services.trail import trace

        languages.connect(LANGUAGE)
        phrases.declare(SENTENCES)
        facts.listen(trace)
        letters.register(CONFIRMATION, EMAIL_CHANGED)
        register(
            Periodic(name="accounts.forget_sessions", do=forget_expired_sessions, every_seconds=HOUR),
            Periodic(name="accounts.forget_admin_sessions", do=forget_expired_admin_sessions, every_seconds=HOUR),
            Periodic(name="accounts.forget_logins", do=forget_logins, every_seconds=60),
            Periodic(name="accounts.forget_keys", do=forget_dead_keys, every_seconds=HOUR),
        )
