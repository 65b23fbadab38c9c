"""`python -m tests.bench.booking`: a warm booking over HTTP ÷ a bare Django view with one INSERT, in one run.

Prints p50s in milliseconds and their ratio. The two alternate, request by request, on two servers of one worker
each over the same throwaway database, so that a noisy machine meets both alike. Production settings: throttles count
(their rate is raised), nothing is recorded for debugging.
"""

import logging
import os
import secrets
import statistics
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path

ROUNDS = 400
WARM_UP = 50


def main() -> None:
    os.environ |= {
        "CSPACE_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CSPACE_JWT_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "CSPACE_SSL_REDIRECT": "off",
        "CSPACE_RATE_WRITE": "1000000/min",
        "DJANGO_SETTINGS_MODULE": "cspace.settings",
    }
    os.environ["CSPACE_DATA_DIR"] = str(Path(__file__).resolve().parents[2] / "var" / "pg-bench")
    import django

    django.setup()
    import httpx
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import User
    from accounts.services.tokens import issue_access
    from groups.models import UserGroup
    from kernel import clock
    from tests.factories import cspace_group, join, make_classroom, make_group, make_user
    from tests.races.server import serving

    logging.getLogger("httpx").setLevel(logging.WARNING)
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " room bigint, starts_at timestamptz, ends_at timestamptz)"
        )
    mark = uuid.uuid4().hex[:8]
    user, group, room = make_user(f"bench-{mark}"), make_group(f"bench-{mark}"), make_classroom(f"bench {mark}")
    join(user, group)
    # One decider, however often this runs: each of them costs a notification.
    decider = User.objects.filter(username="decider").first() or make_user("decider")
    UserGroup.objects.get_or_create(group=cspace_group(), user=decider)
    headers = {"Authorization": f"Bearer {issue_access(user, family=uuid.uuid4())}"}
    first = clock.now().date() + timedelta(days=2)
    took: dict[str, list[float]] = {"bare": [], "booking": []}

    with (
        serving({}, workers=1, application="tests.bench.bare:application") as bare,
        serving({}, workers=1) as real,
        httpx.Client(timeout=10) as client,
    ):
        for number in range(WARM_UP + ROUNDS):
            day, hour = divmod(number, 24)
            body = {
                "classroom": room.name,
                "group_id": group.pk,
                "date": str(first + timedelta(days=day)),
                "start_time": f"{hour:02}:00",
                "end_time": f"{hour:02}:59",
            }
            for name, send in (
                ("bare", lambda: client.post(f"{bare.base_url}/")),
                ("booking", lambda: client.post(f"{real.base_url}/api/v1/registrations/", json=body, headers=headers)),
            ):
                began = time.perf_counter()
                response = send()
                elapsed = (time.perf_counter() - began) * 1000
                assert response.status_code == 201, response.text
                if number >= WARM_UP:
                    took[name].append(elapsed)
    p50 = {name: statistics.median(times) for name, times in took.items()}
    sys.stdout.write(
        f"bare view with one INSERT: p50 {p50['bare']:.2f} ms\nbooking: p50 {p50['booking']:.2f} ms\n"
        f"ratio: {p50['booking'] / p50['bare']:.2f} (bar: 4)\n"
    )


if __name__ == "__main__":
    main()
