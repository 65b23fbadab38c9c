"""Management commands of the timetables."""
