from django.apps import AppConfig

from kernel import phrases
from kernel.live import feeds


class GroupsConfig(AppConfig):
    name = "groups"

    def ready(self) -> None:
        from groups.facts import SENTENCES
        from groups.queries.who_is_asking import standing_among
        from groups.services import provider_groups

        phrases.declare(SENTENCES)
        provider_groups.connect()
        feeds.know_sessions_by(standing_among)
