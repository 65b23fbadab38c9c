"""How notices become letters, and calendars follow."""
