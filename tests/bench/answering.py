"""A request of the benchmark, asked in this process."""

from typing import Any

from django.test import Client


def ask(client: Client, request: bytes) -> Any:
    """The answer to a request as `tests.bench.load.request` has written it."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    method, path, _ = line.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    given = {name: headers[name] for name in ("Authorization", "If-None-Match") if name in headers}
    return client.generic(method, path, body, content_type="application/json", headers=given)
