"""What stands in the engine's tables: what waits, what is late, what has failed and why; what is done by the clock."""
