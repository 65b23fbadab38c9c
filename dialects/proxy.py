"""What the production proxy has to know of the paths: which are streams and, because it speaks by itself while the app
is away, whose each is, in whose words.

`manage.py write_proxy` writes it between the marks of `deploy/nginx.conf`. The rest of that file is written by hand.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.urls import URLPattern, URLResolver, get_resolver

from dialects.dialect import ANY_ORIGIN, Dialect
from kernel.api.errors import STATUS, Refusal, envelope, refusal_of
from kernel.errors import DomainError, NotFound, Unavailable

MARKED = re.compile(
    r"( *)# Written by `python manage\.py write_proxy`: (\w+)\.\n.*?\n *# As far as here\.\n", re.DOTALL
)
RETRY_SECONDS = 5
"""An app that starts needs a while."""
STREAM = """\
# They are passed on as they come, are silent for 15 s at most, and may carry a ticket, which no log is told.
location ~ ^/(?:{paths})/?$ {{
    proxy_pass http://streams;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $callers_scheme;
    proxy_buffering off;
    proxy_read_timeout 60s;
    error_log /dev/null;
}}"""
REFUSALS: Mapping[str, tuple[str, Exception]] = {
    "not_found": ("404", NotFound("Endpoint")),
    "too_large": ("413", RequestDataTooBig()),
    "unavailable": ("502 503 504", Unavailable(retry_after=RETRY_SECONDS)),
}
"""By the variable that has the body: for which statuses of nginx, and what they mean."""


def with_dialects(configuration: str, dialects: Sequence[Dialect]) -> str:
    """The configuration with the marked parts written for the streams that there are, and for these dialects."""
    names = [dialect.name for dialect in dialects]
    if len(set(names)) < len(names) or not all(re.fullmatch(r"[a-z_]+", name) for name in names):
        raise ValueError(f"Each dialect needs a name of its own, of small letters and _: {names}")
    parts = {
        "maps": "\n".join(_maps(dialects)),
        "streams": STREAM.format(paths="|".join(map(_pattern, stream_paths()))),
        "refusals": "\n".join(_refusals(dialects)),
    }
    if sorted(mark[2] for mark in MARKED.finditer(configuration)) != sorted(parts):
        raise ValueError(f"The configuration has not one marked place for each of {', '.join(parts)}")

    def written(mark: re.Match[str]) -> str:
        lines = [f"# Written by `python manage.py write_proxy`: {mark[2]}."]
        lines += [*parts[mark[2]].splitlines(), "# As far as here."]
        return "".join(f"{mark[1]}{line}\n" for line in lines)

    return MARKED.sub(written, configuration)


def stream_paths() -> list[str]:
    """Where the routes have streams, without the slashes around: "api/v1/notifications/stream"."""
    return sorted(_stream_paths(get_resolver().url_patterns))


def _stream_paths(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _stream_paths(pattern.url_patterns, route)
        elif getattr(_class_of(pattern.callback), "opens_streams", False):
            yield route.rstrip("/")


def _class_of(view: Any) -> Any:
    """Of REST framework's views, and of Django's."""
    return getattr(view, "cls", None) or getattr(view, "view_class", None)


def _pattern(route: str) -> str:
    """A route for nginx; what it names is any part of a path."""
    return "".join("[^/]+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<\w+:\w+>)", route))


def _maps(dialects: Sequence[Dialect]) -> Iterator[str]:
    """Whose a path is (the first that has it), and by its name all else. CSpace's own have none."""
    yield from _map("$request_uri", "dialect", "", {f"~^/{_as_sent(d.paths)}": d.name for d in dialects})
    origins: dict[str, str] = {}
    exposed, varying = {}, {}
    for dialect in dialects:
        cors = dialect.cors() if dialect.cors else None
        if cors is None:
            continue
        if ANY_ORIGIN in cors.origins:
            origins[f"~^{dialect.name} "] = ANY_ORIGIN
        else:
            origins |= {f"~^{dialect.name} {re.escape(origin)}$": origin for origin in cors.origins}
            varying[dialect.name] = "Origin"
        if cors.exposed:
            exposed[dialect.name] = ", ".join(cors.exposed)
    yield from _map('"$dialect $http_origin"', "readable_by", "", origins)
    yield from _map("$dialect", "varies_by", "", varying)
    yield from _map("$dialect", "exposed_headers", "", exposed)
    in_names = {dialect.name: "1" for dialect in dialects if dialect.slashes.is_encoded_in_names}
    yield from _map("$dialect", "has_slashes_in_names", "0", in_names)
    for variable in REFUSALS:
        own = _refusal(variable)
        bodies = {dialect.name: _json(dialect.envelope(own)[1]) for dialect in dialects}
        yield from _map("$dialect", variable, _json(own.body), bodies)


def _as_sent(paths: str) -> str:
    """`Dialect.paths` for a request line: a slash may be encoded, and a query may follow. Else as clients write it."""
    return f"(?:{paths})".replace("/", "(?:/|%2[fF])").replace(r"\Z", "[?]|$")


def _refusals(dialects: Sequence[Dialect]) -> Iterator[str]:
    """Where nginx goes with what it refuses. A status has to be written out: `return` takes no variable for it."""
    for variable, (statuses, _) in REFUSALS.items():
        yield f"error_page {statuses} = @{variable};"
    for variable, (_, cause) in REFUSALS.items():
        own = _refusal(variable)
        yield f"location @{variable} {{"
        if isinstance(cause, Unavailable):
            yield f"    add_header Retry-After {cause.retry_after} always;"
        yield "    add_header Access-Control-Allow-Origin $readable_by always;"
        yield "    add_header Access-Control-Expose-Headers $exposed_headers always;"
        yield "    add_header Vary $varies_by always;"
        for dialect in dialects:
            status, _ = dialect.envelope(own)
            if status != own.status:
                yield f"    if ($dialect = {dialect.name}) {{"
                yield f"        return {status} ${variable};"
                yield "    }"
        yield f"    return {own.status} ${variable};"
        yield "}"


def _refusal(variable: str) -> Refusal:
    _, cause = REFUSALS[variable]
    error = refusal_of(cause) or DomainError()
    return Refusal(STATUS[error.code], envelope(error.message, error.code))


def _map(source: str, variable: str, default: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"map {source} ${variable} {{"
    yield f"    default {_quoted(default)};"
    yield from (f"    {_quoted(key)} {_quoted(value)};" for key, value in values.items())
    yield "}"


def _json(body: Mapping[str, Any]) -> str:
    """Without a `$`, which would begin a variable and cannot be escaped in nginx."""
    return json.dumps(body, ensure_ascii=False).replace("$", r"\u0024")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
