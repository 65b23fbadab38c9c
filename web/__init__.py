"""Pages. They talk to `/api/v1` only."""
