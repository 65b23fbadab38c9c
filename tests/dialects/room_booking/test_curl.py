"""The samples of our page about this wire, as it shows them, in a shell, against a real server."""

import json
import re
import shutil
import subprocess

import httpx
import pytest

from calendars.models import CalendarEvent
from tests.dialects.room_booking.scenes import make_department, new_key
from tests.races.server import serving
from tests.test_docs import text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
SAMPLE_ID = "4zx3QAFzoxV3vaZSKGaH2S"
SAMPLES = re.findall(r"```bash\n(.*?)```", text("docs/dialects/room-booking.md"), re.DOTALL)


def run(command, base_url):
    command = command.replace("localhost:8000", base_url)
    done = subprocess.run(["bash", "-euc", command], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="not run: no curl or no jq")
def test_the_samples_work(server_environment, settings):
    settings.DEBUG = True  # as on the demo campus: keys may be short
    department = make_department()
    new_key(department.head, token="secrettoken")
    create, delete, clear = SAMPLES
    with serving(server_environment) as server:
        event = json.loads(run(create, server.base_url))
        assert list(event) == ["id"]
        (row,) = CalendarEvent.objects.all()
        assert (row.name, row.calendar.slug) == ("Test-Event", "test-kalender")
        assert run(clear, server.base_url) == (
            "{\n"
            '  "deleted_cancelled_events": [],\n'
            '  "deleted_overlapping_events": [],\n'
            '  "cancelled_overlapping_recurring_events": [],\n'
            '  "ignored_overlapping_events": [],\n'
            '  "test_mode": true\n'
            "}\n"
        )
        assert SAMPLE_ID in delete
        assert run(delete.replace(SAMPLE_ID, event["id"]), server.base_url) == ""
    assert not CalendarEvent.objects.exists()


def test_a_foreign_uid_is_deleted_over_a_real_server(server_environment):
    script = make_department().script()
    names = ["a/b@example.edu", "a%2Fb", "ä ö", "a/"]
    targets = ["a%2Fb%40example.edu", "a%252Fb/", "%C3%A4%20%C3%B6", "a%2F/"]
    for number, uid in enumerate(names):
        script.create(start=f"2027-01-0{number + 1}T12:00", end=f"2027-01-0{number + 1}T13:00")
        CalendarEvent.objects.filter(name="Event Title").update(uid=uid, name=uid)
    with serving(server_environment) as server:
        for uid, target in zip(names, targets, strict=True):
            url = f"{server.base_url}/api/test-kalender/event/{target}"
            assert httpx.delete(url, headers={"Authorization": f"Bearer {script.token}"}).status_code == 204
            assert not CalendarEvent.objects.filter(uid=uid).exists(), uid
