"""What the layers around the calls have to know of this dialect."""

from django.conf import settings

from dialects.dialect import Cors, Dialect, below
from dialects.occupancy.envelope import envelope


def cors() -> Cors:
    """Which pages of other origins may call it: those of the setting, by default all."""
    headers = ["Content-Type", "Authorization"] if settings.OCCUPANCY_REQUIRE_LOGIN else ["Content-Type"]
    return Cors(origins=settings.OCCUPANCY_CORS_ORIGINS, methods=["GET", "POST", "OPTIONS"], headers=headers)


DIALECT = Dialect(
    name="occupancy",
    paths=below("api/courses", "api/studyplans", "api/rooms"),
    urls="dialects.occupancy.urls",
    envelope=envelope,
    cors=cors,
)
