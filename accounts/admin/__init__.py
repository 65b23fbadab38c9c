"""Django looks for this module; the pages register themselves."""

from accounts.admin import access_keys, people, sso_whitelist

__all__ = ["access_keys", "people", "sso_whitelist"]
