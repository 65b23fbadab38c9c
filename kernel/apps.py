from django.apps import AppConfig


class KernelConfig(AppConfig):
    """The shared kernel. Its tables are called `cspace_…`, as they were when it was a part of `cspace`."""

    name = "kernel"
    label = "cspace"
    verbose_name = "CSpace"
    default_auto_field = "django.db.models.BigAutoField"
