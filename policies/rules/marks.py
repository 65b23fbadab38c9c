"""What marks may say (policy §6)."""

MAX_POINTS = 10
MAX_NOTE = 500
MAX_REASON = 500
