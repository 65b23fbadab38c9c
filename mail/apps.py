from django.apps import AppConfig

from kernel import jobs, letters, phrases
from kernel.jobs import HOUR, Periodic


class MailConfig(AppConfig):
    name = "mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from mail.facts import SENTENCES
        from mail.services.calendar_letters import CALENDAR, post_calendar_letters
        from mail.services.daily_letters import DAILY, forget_what_is_over, post_daily_letters
        from mail.services.following import going_on
        from mail.services.notice_letters import NOTICE
        from notifications.services import follow

        phrases.declare(SENTENCES)
        letters.register(NOTICE, DAILY, CALENDAR)
        follow(going_on)
        jobs.register(
            Periodic(name="mail.post_daily_letters", do=post_daily_letters, every_seconds=60),
            Periodic(name="mail.post_calendar_letters", do=post_calendar_letters, every_seconds=30),
            Periodic(name="mail.forget_what_is_over", do=forget_what_is_over, every_seconds=HOUR),
        )
