"""Django looks for this module; the pages register themselves."""

from policies.admin import marks, rules

__all__ = ["marks", "rules"]
