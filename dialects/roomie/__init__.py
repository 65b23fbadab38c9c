"""Roomie McRoomFace: rooms of a house of societies, as its clients know them. `docs/dialects/roomie.md`."""
