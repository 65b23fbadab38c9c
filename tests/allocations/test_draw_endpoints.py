"""The draw over HTTP: literal bodies, exact bytes, who may, and that the seed stays secret."""

import io
import json
import logging
import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocations.models import AllocationRegistration, Draw, DrawSecret
from allocations.queries.publishing import VERIFIER
from auditlog.models import LogEntry
from notifications.models import Notification
from registrations.models import Registration, Series
from tests.allocations.scenes import TUESDAY, WEDNESDAY, ended, make_entry, make_event
from tests.factories import join, make_classroom, make_group, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rival():
    user, group = make_user("rival"), make_group("316")
    join(user, group)
    return user


@pytest.fixture
def event(cspace):
    return make_event(cspace)


@pytest.fixture
def entries(event, member, team, room, rival):
    """Two that collide, and one alone."""
    other = rival.user_groups.get().group
    return [
        make_entry(event, team, room, member, start=600, end=720),
        make_entry(event, other, room, rival, start=660, end=780),
        make_entry(event, other, room, rival, day=WEDNESDAY),
    ]


@pytest.fixture
def path(event):
    return f"allocation-events/{event.pk}/"


def sorted_out(entries):
    """(winner, loser) of the two that collide."""
    first = AllocationRegistration.objects.get(pk=entries[0].pk)
    return (entries[0], entries[1]) if first.status == "approved" else (entries[1], entries[0])


def test_distribute_answers_the_documented_body_every_time(api, cspace, entries, event, path):
    assert api(cspace).post(f"{path}end/").status_code == 200
    expected = {
        "id": event.pk,
        "total_registrations": 3,
        "successful_allocations": 2,
        "failed_allocations": 1,
    }
    for body in (None, {}):
        response = api(cspace).post(f"{path}distribute/", body)
        assert (response.status_code, response.json()) == (200, expected)
    assert Draw.objects.count() == 1
    assert api(cspace).get(path).json()["status"] == "distributed"


@pytest.mark.parametrize("who", ["member", "stranger", "group_admin"])
def test_only_cspace_distributes_and_promotes(api, event, path, who, request):
    user = request.getfixturevalue(who)
    for command in ("distribute", "promote"):
        response = api(user).post(f"{path}{command}/")
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")
    assert Draw.objects.count() == 0


def test_an_event_that_is_not_closed_is_not_distributed(api, cspace, event, path):
    response = api(cspace).post(f"{path}distribute/")
    assert (response.status_code, response.json()) == (
        409,
        {"error": "The allocation event has not been closed yet", "code": "INVALID_STATE"},
    )
    assert api(cspace).post(f"{path}cancel/").status_code == 200
    response = api(cspace).post(f"{path}distribute/")
    assert (response.status_code, response.json()) == (
        409,
        {"error": "The allocation event has been cancelled", "code": "INVALID_STATE"},
    )
    response = api(cspace).post("allocation-events/999999/distribute/")
    assert (response.status_code, response.json()["error"]) == (404, "Allocation event not found")


def test_before_the_end_only_the_promise_is_published(api, member, entries, event, path):
    assert api(member).get(f"{path}draw/").json() == {
        "algorithm": "cspace-draw/v1",
        "commitment": event.commitment,
        "seed": None,
        "salt": None,
        "key": None,
        "manifest_sha256": None,
        "result_sha256": None,
        "params": {"balance": "minutes", "conflict": "skip", "max_wins": 0, "min_percent": 50, "tie": "ticket"},
        "group_order": [],
        "winners": [],
        "statistics": None,
    }
    for document, name in (("manifest", "Manifest"), ("result", "Result")):
        response = api(member).get(f"{path}draw/{document}/")
        assert (response.status_code, response.json()) == (
            404,
            {"error": f"{name} not found", "code": "NOT_FOUND"},
        )


def test_the_list_is_published_when_it_is_frozen(api, cspace, member, entries, path):
    ended_event = api(cspace).post(f"{path}end/").json()
    record = api(member).get(f"{path}draw/").json()
    manifest = api(member).get(f"{path}draw/manifest/", Accept="text/tab-separated-values")
    assert manifest.status_code == 200
    assert manifest.headers["Content-Type"] == "text/tab-separated-values"
    assert manifest.headers["ETag"] == f'"{record["manifest_sha256"]}"'
    assert ended_event["draw"]["manifest_sha256"] == record["manifest_sha256"]
    assert manifest.content.startswith(b"cspace-draw/v1\nevent\t")
    assert manifest.content.count(b"\nentry\t") == 3
    assert record["seed"] is None
    assert api(member).get(f"{path}draw/result/").status_code == 404


def test_what_is_downloaded_verifies_with_what_is_downloaded(api, cspace, member, entries, path, tmp_path):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    for name, file in (
        ("draw/", "draw.json"),
        ("draw/manifest/", "manifest.tsv"),
        ("draw/result/", "result.tsv"),
        ("draw/verifier/", "draw.py"),
    ):
        (tmp_path / file).write_bytes(api(member).get(f"{path}{name}").content)
    command = [sys.executable, "-I", "draw.py", "verify", "manifest.tsv", "draw.json", "result.tsv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "The draw is as published: 2 won, 1 did not.\n")

    forged = (tmp_path / "result.tsv").read_bytes().replace(b"win\t1", b"win\t9")
    (tmp_path / "result.tsv").write_bytes(forged)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Result line 4 is 'win\\t9")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("manifest.tsv", b"\t1\t0\tP", b"\t2\t0\tP", "draw.json says manifest_sha256"),
        ("draw.json", b'"seed":"', b'"seed":"00', "draw.json must give seed as 64"),
    ],
)
def test_forged_files_do_not_verify(api, cspace, entries, path, tmp_path, file, old, new, said):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    for name, target in (("draw/", "draw.json"), ("draw/manifest/", "manifest.tsv"), ("draw/result/", "result.tsv")):
        (tmp_path / target).write_bytes(api(cspace).get(f"{path}{name}").content)
    original = (tmp_path / file).read_bytes()
    assert old in original
    (tmp_path / file).write_bytes(original.replace(old, new, 1))
    command = [sys.executable, "-I", str(VERIFIER), "verify", "manifest.tsv", "draw.json", "result.tsv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(said)


def test_another_seed_does_not_verify(api, cspace, entries, path, tmp_path):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    record = api(cspace).get(f"{path}draw/").json()
    record["seed"] = "0" * 64
    (tmp_path / "draw.json").write_text(json.dumps(record))
    (tmp_path / "manifest.tsv").write_bytes(api(cspace).get(f"{path}draw/manifest/").content)
    command = [sys.executable, "-I", str(VERIFIER), "verify", "manifest.tsv", "draw.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("draw.json says commitment")


def test_documents_are_not_sent_twice(api, cspace, entries, path):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    record = api(cspace).get(f"{path}draw/").json()
    for document, key in (("manifest", "manifest_sha256"), ("result", "result_sha256")):
        tag = f'"{record[key]}"'
        response = api(cspace).get(f"{path}draw/{document}/", **{"If-None-Match": tag})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", tag)
    verifier = api(cspace).get(f"{path}draw/verifier/")
    assert verifier.content == VERIFIER.read_bytes()
    again = api(cspace).get(f"{path}draw/verifier/", **{"If-None-Match": verifier.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_published_record(api, cspace, member, entries, event, path):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    winner, _ = sorted_out(entries)
    stored = Draw.objects.get()
    record = api(member).get(f"{path}draw/").json()
    groups = {entry.group_id for entry in entries}
    assert {row["group_id"] for row in record["group_order"]} == groups
    assert [row["place"] for row in record["group_order"]] == [1, 2]
    assert sorted(row["ticket"] for row in record["group_order"]) == [row["ticket"] for row in record["group_order"]]
    assert record["seed"] == bytes(stored.seed).hex()
    assert (record["salt"], record["key"]) == ("", stored.key)
    assert {(row["registration_id"], row["occurrences"], row["skipped"]) for row in record["winners"]} == {
        (winner.pk, 16, 0),
        (entries[2].pk, 16, 0),
    }
    assert record["statistics"] == {
        "total_registrations": 3,
        "successful_allocations": 2,
        "failed_allocations": 1,
        "groups": 2,
        "groups_served": len({winner.group_id, entries[2].group_id}),
        "weekly_minutes_wished": 300,
        "weekly_minutes_given": 180,
        "occurrences": 32,
        "reasons": {"LOST": 1},
    }


def test_the_outcome_is_in_the_entry(api, cspace, entries, path):
    detail = f"{path}registrations/{entries[0].pk}/"
    assert api(cspace).get(detail).json()["outcome"] is None
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    winner, loser = sorted_out(entries)
    position = AllocationRegistration.objects.get(pk=winner.pk).position
    ordinal = {1: "1st", 2: "2nd"}[position]
    won = api(winner.created_by).get(f"{path}registrations/{winner.pk}/").json()
    assert (won["status"], won["reason"]) == ("approved", None)
    assert won["outcome"]["sentence"] == f"Drawn {ordinal}, when your group had 0 minutes: 16 dates."
    assert (won["outcome"]["reason"], won["outcome"]["lost_to"], won["outcome"]["skipped"]) == (None, None, [])
    assert (won["outcome"]["own_minutes"], len(won["outcome"]["dates"])) == (0, 16)
    lost = api(loser.created_by).get(f"{path}registrations/{loser.pk}/").json()
    own = 60 if loser.group_id == entries[2].group_id and position == 2 else 0
    assert (lost["status"], lost["reason"]) == ("rejected", "LOST")
    assert lost["outcome"] == {
        "reason": "LOST",
        "lost_to": {
            "registration_id": winner.pk,
            "position": position,
            "group_id": winner.group_id,
            "served_before_minutes": 0,
        },
        "own_minutes": own,
        "dates": [],
        "skipped": [],
        "sentence": f"Lost to entry {winner.pk}, drawn {ordinal}, when group {winner.group.name} had 0 minutes;"
        f" you had {own}.",
    }
    assert api(winner.created_by).get(f"{path}registrations/{loser.pk}/").status_code == 403


def test_alternatives_are_free_and_nearest_first(api, cspace, stranger, entries, path):
    make_classroom("Room B")
    api(cspace).post(f"{path}end/")
    winner, loser = entries[0], entries[1]
    AllocationRegistration.objects.filter(pk=winner.pk).update(status="approved")
    found = f"{path}registrations/{loser.pk}/alternatives/"
    refused = api(loser.created_by).get(found)
    assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_STATE")
    api(cspace).post(f"{path}distribute/")
    # The winner holds Mondays 10:00–12:00; wanted was 11:00–13:00.
    response = api(loser.created_by).get(f"{found}?limit=4")
    assert response.json() == {
        "results": [
            {"classroom": "Room A", "day_of_week": 2, "start_time": "12:00", "end_time": "14:00"},
            {"classroom": "Room A", "day_of_week": 2, "start_time": "08:00", "end_time": "10:00"},
            {"classroom": "Room B", "day_of_week": 2, "start_time": "11:00", "end_time": "13:00"},
            {"classroom": "Room A", "day_of_week": 1, "start_time": "11:00", "end_time": "13:00"},
        ]
    }
    assert api(stranger).get(found).status_code == 403
    assert api(cspace).get(f"{found}?limit=0").json()["details"]["limit"] != []


def test_a_public_value_goes_into_the_draw(api, cspace, member, team, room):
    event = make_event(cspace, public_source="dice at the desk, 31 Jan 12:00")
    make_entry(event, team, room, member)
    url = f"allocation-events/{event.pk}/distribute/"
    missing = {"public_value": ["Required: the value of “dice at the desk, 31 Jan 12:00”"]}
    assert api(cspace).post(url).json()["details"] == missing
    assert api(cspace).post(url, {"public_value": "6 3"}).status_code == 409
    ended(event, cspace)
    assert api(cspace).post(url).json()["details"] == missing
    for bad in ("", "a\nb", "x" * 201, "a\u2028b"):
        assert set(api(cspace).post(url, {"public_value": bad}).json()["details"]) == {"public_value"}
    assert api(cspace).post(url, {"public_value": 63}).status_code == 400
    assert Draw.objects.count() == 0
    first = api(cspace).post(url, {"public_value": "6 3"})
    assert first.status_code == 200
    assert api(cspace).post(url).json() == first.json()
    assert api(cspace).post(url, {"public_value": "6 3"}).json() == first.json()
    other = api(cspace).post(url, {"public_value": "6 4"})
    assert (other.status_code, other.json()["code"]) == (409, "INVALID_STATE")
    assert api(member).get(f"allocation-events/{event.pk}/draw/").json()["salt"] == "6 3"


def test_a_public_value_nobody_announced_is_refused(api, cspace, event, entries, path):
    ended(event, cspace)
    response = api(cspace).post(f"{path}distribute/", {"public_value": "6 3"})
    assert (response.status_code, response.json()["details"]) == (
        400,
        {"public_value": ["This allocation event names no public source"]},
    )


def test_a_window_that_has_run_out_is_no_published_list(cspace, api, member, team, room):
    event = make_event(cspace, public_source="dice")
    make_entry(event, team, room, member)
    type(event).objects.filter(pk=event.pk).update(
        registration_start="2020-01-01T00:00:00Z", registration_end="2020-01-02T00:00:00Z"
    )
    url = f"allocation-events/{event.pk}/distribute/"
    response = api(cspace).post(url, {"public_value": "6"})
    assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")
    assert api(cspace).post(f"allocation-events/{event.pk}/end/").status_code == 200
    assert api(cspace).post(url, {"public_value": "6"}).status_code == 200


def test_a_dry_run_practises_with_a_seed_of_zeros(api, cspace, entries, event, path):
    ended(event, cspace)
    models = (Draw, Registration, Series, LogEntry, Notification)
    counts = [model.objects.count() for model in models]
    with CaptureQueriesContext(connection) as seen:
        response = api(cspace).post(f"{path}distribute/?dry_run=true")
    assert response.json() == {
        "id": event.pk,
        "total_registrations": 3,
        "successful_allocations": 2,
        "failed_allocations": 1,
        "practice": True,
    }
    assert response.headers["X-Dry-Run"] == "true"
    assert [model.objects.count() for model in models] == counts
    assert not [query for query in seen if "drawsecret" in query["sql"]]
    assert api(cspace).get(path).json()["status"] == "closed"
    api(cspace).post(f"{path}distribute/")
    assert "practice" not in api(cspace).post(f"{path}distribute/?dry_run=true").json()


def test_what_is_refused_for_its_key_is_tried_with_zeros(api, cspace, entries, event, path):
    """The sequences keep what a rolled back draw took: the real seed must not be tried out."""
    ended(event, cspace)
    with CaptureQueriesContext(connection) as seen:
        response = api(cspace).post(f"{path}distribute/", **{"Idempotency-Key": "k" * 129})
    assert (response.status_code, list(response.json()["details"])) == (400, ["Idempotency-Key"])
    assert not [query for query in seen if "drawsecret" in query["sql"]]
    assert (Draw.objects.count(), api(cspace).get(path).json()["status"]) == (0, "closed")


def test_a_cancelled_event_reveals_its_seed(api, cspace, member, event, path):
    secret = bytes(DrawSecret.objects.get(event=event).seed).hex()
    assert api(cspace).post(f"{path}cancel/?dry_run=true").json()["draw"]["seed"] is None
    assert api(cspace).post(f"{path}cancel/").json()["draw"]["seed"] == secret
    record = api(member).get(f"{path}draw/").json()
    assert (record["seed"], record["key"], record["commitment"]) == (secret, None, event.commitment)


def test_the_seed_is_nowhere_before_the_draw(api, cspace, member, team, room):
    """Every answer, page, log line and SQL statement from the creation to just before the draw."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logging.getLogger().addHandler(handler)
    said = []
    admin = Client()
    admin.force_login(cspace)
    try:
        with CaptureQueriesContext(connection) as seen:
            event = make_event(cspace)
            entry = make_entry(event, team, room, member)
            path = f"allocation-events/{event.pk}/"
            entry_path = f"{path}registrations/{entry.pk}/"
            pages = [path, f"{path}draw/", f"{path}draw/manifest/", f"{path}draw/verifier/", entry_path]
            for user in (member, cspace):
                said += [api(user).get(page) for page in ("allocation-events/", *pages)]
            said += [
                *(api(cspace).post(f"{page}?dry_run=true") for page in (f"{path}cancel/", f"{path}end/")),
                api(cspace).post(f"{entry_path}approve/"),
                api(cspace).post(f"{path}end/"),
                api(cspace).post(f"{path}cancel/?dry_run=true"),
                api(cspace).post(f"{path}distribute/?dry_run=true"),
                api(cspace).post(f"{path}distribute/", {"public_value": "x"}),
                api(cspace).get("logs/?per_page=100"),
                api(member).get("notifications/"),
            ]
            for user in (member, cspace):
                said += [api(user).get(page) for page in pages]
            for model in ("allocationevent", "allocationregistration"):
                said.append(admin.get(f"/admin/allocations/{model}/"))
            said.append(admin.get(f"/admin/allocations/allocationevent/{event.pk}/change/"))
    finally:
        logging.getLogger().removeHandler(handler)
    seed = bytes(DrawSecret.objects.get(event=event).seed)
    for text in [lines.getvalue(), *(response.content.decode() for response in said)]:
        assert seed.hex() not in text.lower()
        assert repr(seed) not in text
    carrying = [query["sql"] for query in seen if seed.hex() in query["sql"].lower()]
    assert [sql.split("(")[0].strip() for sql in carrying] == ['INSERT INTO "allocations_drawsecret"']


def test_the_seed_is_on_no_page_at_all(cspace, event):
    admin = Client()
    admin.force_login(cspace)
    assert admin.get("/admin/allocations/drawsecret/").status_code == 404


def test_other_peoples_entries_stay_closed(api, cspace, stranger, rival, entries, path):
    api(cspace).post(f"{path}end/")
    api(cspace).post(f"{path}distribute/")
    for call in ("withdraw", "alternatives"):
        url = f"{path}registrations/{entries[0].pk}/{call}/"
        method = "POST" if call == "withdraw" else "GET"
        assert api(stranger)(method, url).status_code == 403
        assert api(rival)(method, url).status_code == 403
        assert api()(method, url).status_code == 401
        wrong = api(cspace)(method, f"allocation-events/999999/registrations/{entries[0].pk}/{call}/")
        assert wrong.status_code == 404


def test_documents_refuse_in_json(api, stranger):
    response = api(stranger).get("allocation-events/999999/draw/manifest/", Accept="text/tab-separated-values")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Allocation event not found", "code": "NOT_FOUND"},
    )
    assert response.headers["Content-Type"] == "application/json"


def test_group_entries_on_two_days(api, cspace, member, team, room, event, path):
    """One person with several entries gets one notification about all of them."""
    make_entry(event, team, room, member)
    make_entry(event, team, room, member, day=TUESDAY)
    ended(event, cspace)
    Notification.objects.all().delete()
    api(cspace).post(f"{path}distribute/")
    (notice,) = Notification.objects.all()
    assert notice.description == (
        f"Draw of allocation event {event.pk}: 522 got Room A, Mondays 10:00–11:00, 16 dates."
        " 522 got Room A, Tuesdays 10:00–11:00, 16 dates."
    )
