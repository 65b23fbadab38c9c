"""Django looks for this module; the pages register themselves."""

from accounts.admin import people

__all__ = ["people"]
