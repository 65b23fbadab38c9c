from django.apps import AppConfig

from kernel import facts


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.services.trail import trace

        facts.listen(trace)
