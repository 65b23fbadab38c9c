"""Django looks for this module; the pages register themselves."""

from policies.admin import marks, quota_bars, rules

__all__ = ["marks", "quota_bars", "rules"]
