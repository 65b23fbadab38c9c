"""Django looks for this module; the pages register themselves."""

from timetables.admin import catalogue, lectures

__all__ = ["catalogue", "lectures"]
