"""How the web server runs and ends: granian with its bounds, draining, no process that outlives its parent."""
