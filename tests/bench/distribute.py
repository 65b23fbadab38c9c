"""`python -m tests.bench.distribute`: a draw of 1,000 winners × 16 weeks, over HTTP, on a server of two workers.

Prints the seconds of the request; the bar is 5 s on a two-core machine.
"""

import os
import sys
import time
import uuid
from pathlib import Path

WINNERS = 1000
GROUPS = 300
ROOMS = 40
WEEKS = 16
BAR_SECONDS = 5


def main() -> None:
    os.environ |= {"DEBUG": "1", "CSPACE_THROTTLE": "off", "DJANGO_SETTINGS_MODULE": "cspace.settings"}
    os.environ["CSPACE_DATA_DIR"] = str(Path(__file__).resolve().parents[2] / "var" / "pg-bench")
    import django

    django.setup()
    import httpx
    from django.core.management import call_command

    from accounts.models import User
    from accounts.services.tokens import issue_access
    from groups.models import UserGroup
    from tests.allocations.scenes import ended, make_crowd, make_event
    from tests.factories import cspace_group, make_classroom, make_group, make_user
    from tests.races.server import serving

    call_command("migrate", verbosity=0)
    mark = uuid.uuid4().hex[:8]
    decider = User.objects.filter(username="decider").first() or make_user("decider")
    UserGroup.objects.get_or_create(group=cspace_group(), user=decider)
    groups = [make_group(f"bench {mark} {number}") for number in range(GROUPS)]
    rooms = [make_classroom(f"bench {mark} {number}") for number in range(ROOMS)]
    event = make_event(decider, weeks=WEEKS)
    make_crowd(event, groups, rooms, decider, count=WINNERS)
    ended(event, decider)
    headers = {"Authorization": f"Bearer {issue_access(decider, family=uuid.uuid4())}"}
    url = f"/api/v1/allocation-events/{event.pk}/distribute/"
    with serving({}, workers=2) as server, httpx.Client(base_url=server.base_url, timeout=120) as client:
        began = time.perf_counter()
        practised = client.post(f"{url}?dry_run=true", headers=headers)
        dry = time.perf_counter() - began
        assert practised.status_code == 200, practised.text
        began = time.perf_counter()
        response = client.post(url, headers=headers)
        seconds = time.perf_counter() - began
        assert response.status_code == 200, response.text
        assert response.json()["successful_allocations"] == WINNERS
        began = time.perf_counter()
        client.post(url, headers=headers).raise_for_status()
        again = time.perf_counter() - began
    sys.stdout.write(
        f"{WINNERS} winners × {WEEKS} weeks distributed over HTTP: {seconds:.2f} s (bar: {BAR_SECONDS} s)\n"
        f"the dry run before it: {dry:.2f} s; the stored answer after it: {again * 1000:.0f} ms\n"
    )


if __name__ == "__main__":
    main()
