"""The demo campus. May know every app, like `cspace.urls`."""
