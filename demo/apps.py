from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo campus, an app for the sake of its commands. It has no tables."""

    name = "demo"
