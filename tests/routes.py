"""What the URL resolver knows: for tests that must not miss an operation."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

API = "api/v1/"


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(route, view) of everything served."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def operations() -> set[tuple[str, str]]:
    """(method, path below /api/v1/) of every operation; what varies in a path is `{}`."""
    return {
        (method.upper(), re.sub(r"<\w+:\w+>", "{}", route.removeprefix(API)))
        for route, view in routes()
        if route.startswith(API)
        for method in getattr(view, "actions", {}).keys() - {"head"}
    }


def operation(method: str, path: str) -> tuple[str, str]:
    """The operation a path with named places (`groups/{team}/`) and a query belongs to."""
    return method, re.sub(r"\{\w+\}", "{}", path.partition("?")[0])
