from django.apps import AppConfig


class CSpaceConfig(AppConfig):
    name = "cspace"
    verbose_name = "CSpace"
    default_auto_field = "django.db.models.BigAutoField"
