"""The Room Booking API: scripts make and delete events of calendars, and clear what overlaps."""
