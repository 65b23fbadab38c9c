"""How a client is woken: rows are the truth, PostgreSQL says that there are new ones, and one hub per process looks.

`hub` is a thread that listens and asks; a `Feed` (`feeds`) of an app turns what it finds into events; a `Stream`
(`streams`) is one open connection, on the event loop, which the web server writes (`serving.streaming`). A view opens a
stream by `opening.offer`.
"""
