"""Django looks for this module; the pages register themselves."""

from policies.admin import rules

__all__ = ["rules"]
