"""Importing a list of rooms: `room_lists.import_rooms`."""
