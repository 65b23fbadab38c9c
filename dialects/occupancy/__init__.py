"""The API of Occupancy FLEP: rooms, courses and study plans to read, and two searches. docs/dialects/occupancy.md."""
