"""What the layers around the calls have to know of this dialect."""

from dialects.dialect import ANY_ORIGIN, Cors, Dialect
from dialects.roomie.envelope import envelope
from dialects.roomie.sids import letters_in_target


def cors() -> Cors:
    """Any page may call it: who he is a caller says in a header, never by a cookie."""
    return Cors(
        origins=[ANY_ORIGIN],
        methods=["GET", "POST", "OPTIONS"],
        headers=["Authorization", "Content-Type", "If-None-Match", "If-Modified-Since"],
        exposed=["Etag", "Last-Modified"],
    )


DIALECT = Dialect(
    name="roomie",
    # The first part of each path has a dot, and no other path has these words before one.
    paths=r"(?:api/v1/)?(?:user|rooms|society|push|stream)\.|Shibboleth\.sso/Login(?:/|\Z)",
    pages=r"Shibboleth\.sso/Login(?:/|\Z)",
    urls="dialects.roomie.urls",
    envelope=envelope,
    cors=cors,
    challenge="Token",
    sid_in=letters_in_target,
)
