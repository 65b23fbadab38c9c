"""Django looks for this module; the pages register themselves."""

from calendars.admin import calendars, events, feeds, mail_templates, outbox, priority_tokens, room_panel

__all__ = ["calendars", "events", "feeds", "mail_templates", "outbox", "priority_tokens", "room_panel"]
