"""Django looks for this module; the pages register themselves."""

from classrooms.admin import closures, rooms

__all__ = ["closures", "rooms"]
