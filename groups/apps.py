from django.apps import AppConfig

from kernel import phrases


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from groups.facts import SENTENCES

        phrases.declare(SENTENCES)
