from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The project itself, an app for the sake of its commands. It has no tables."""

    name = "cspace"
    label = "project"
