from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "policies"

    def ready(self) -> None:
        from kernel import phrases
        from policies.facts import SENTENCES

        phrases.declare(SENTENCES)
