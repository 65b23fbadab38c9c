"""Management commands of the draw."""
