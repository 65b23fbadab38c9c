"""Giving back, taking back, granting by hand, promoting: the record stays, the rooms follow."""

import datetime as dt

import pytest

from allocations.models import AllocationRegistration, Draw
from allocations.queries.verifying import verify_draw
from allocations.services.after_draw import EventIsOver, withdraw_entry
from allocations.services.promoting import promote
from auditlog.models import LogEntry
from classrooms.models import Occupancy
from kernel.campus_time import campus_date
from notifications.models import Notification
from registrations.models import Registration
from tests.allocations.scenes import MONDAY, WEDNESDAY, dates, ended, make_entry, make_event
from tests.factories import join, make_classroom, make_group, make_registration, make_user

pytestmark = pytest.mark.django_db


class Scene:
    """An event of one room with three groups that want the same slot, distributed."""

    def __init__(self, api, cspace, team, member, room, **options):
        self.api, self.cspace, self.room = api, cspace, room
        self.event = make_event(cspace, **options)
        self.people = [member]
        groups = [team]
        for name in ("316", "701"):
            groups.append(make_group(name))
            self.people.append(make_user(f"of-{name}"))
            join(self.people[-1], groups[-1])
        self.made = [
            make_entry(self.event, group, room, person) for group, person in zip(groups, self.people, strict=True)
        ]
        ended(self.event, cspace)
        assert self.command("distribute").status_code == 200
        self.record = self.read()
        self.reload()

    def reload(self):
        rows = AllocationRegistration.objects.filter(event=self.event).order_by("id")
        self.winner = next((row for row in rows if row.status == "approved"), None)
        self.losers = [row for row in rows if row.status == "rejected"]

    def command(self, word, entry=None, by=None):
        middle = "" if entry is None else f"registrations/{entry.pk}/"
        return self.api(by or self.cspace).post(f"allocation-events/{self.event.pk}/{middle}{word}/")

    def read(self):
        return self.api(self.cspace).get(f"allocation-events/{self.event.pk}/draw/").content

    def detail(self, entry):
        return self.api(self.cspace).get(f"allocation-events/{self.event.pk}/registrations/{entry.pk}/").json()


@pytest.fixture
def scene(api, cspace, team, member, room):
    return Scene(api, cspace, team, member, room)


def live_dates(entry):
    series_id = AllocationRegistration.objects.get(pk=entry.pk).series_id
    rows = Registration.objects.filter(series_id=series_id).live().in_order().select_related("occupancy")
    return [campus_date(row.occupancy.starts_at) for row in rows]


def new_log(before):
    return list(LogEntry.objects.order_by("id").values_list("action", flat=True))[before:]


def test_withdrawing_a_winner_frees_its_dates(scene):
    before = LogEntry.objects.count()
    Notification.objects.all().delete()
    response = scene.command("withdraw", scene.winner, by=scene.winner.created_by)
    assert (response.status_code, response.json()["status"]) == (200, "withdrawn")
    assert live_dates(scene.winner) == []
    assert new_log(before) == ["allocation_registration.withdrawn"] + ["registration.cancelled"] * 16
    assert Notification.objects.count() == 0
    assert scene.read() == scene.record
    assert scene.detail(scene.winner)["outcome"]["sentence"] == (
        "Drawn 1st, when your group had 0 minutes; given back."
    )
    again = scene.command("withdraw", scene.winner)
    assert (again.status_code, again.json()) == (200, response.json())
    assert len(new_log(before)) == 17


def test_withdrawing_by_cspace_is_told_once(scene):
    Notification.objects.all().delete()
    assert scene.command("withdraw", scene.winner).status_code == 200
    (notice,) = Notification.objects.all()
    assert (notice.user, notice.description) == (
        scene.winner.created_by,
        "Your draw entry has been withdrawn: Room A, Monday 10:00–11:00. Cancelled: 16 dates ahead.",
    )


def test_a_withdrawn_loser_is_promoted_no_more(scene):
    gone, left = scene.losers
    assert scene.command("withdraw", gone).json()["status"] == "withdrawn"
    scene.command("withdraw", scene.winner)
    promoted = scene.command("promote").json()["results"]
    assert [row["registration_id"] for row in promoted] == [left.pk]


def test_withdrawing_before_the_draw_is_too_early(api, cspace, member, team, room):
    event = make_event(cspace)
    entry = make_entry(event, team, room, member)
    url = f"allocation-events/{event.pk}/registrations/{entry.pk}/withdraw/"
    for _ in range(2):
        response = api(member).post(url)
        assert (response.status_code, response.json()["code"]) == (409, "INVALID_STATE")
        ended(event, cspace)


def test_rejecting_a_winner_cancels_what_is_ahead(scene):
    before = LogEntry.objects.count()
    response = scene.command("reject", scene.winner)
    assert (response.json()["status"], response.json()["reason"]) == ("rejected", "REJECTED_BY_ADMIN")
    assert live_dates(scene.winner) == []
    assert new_log(before) == ["allocation_registration.rejected"] + ["registration.cancelled"] * 16
    assert scene.command("reject", scene.winner).status_code == 200
    assert len(new_log(before)) == 17
    assert scene.read() == scene.record


def test_a_loser_rejected_after_the_draw_is_promoted_no_more(scene):
    before = LogEntry.objects.count()
    Notification.objects.all().delete()
    for _ in range(2):
        shown = scene.command("reject", scene.losers[0]).json()
        assert (shown["status"], shown["reason"]) == ("rejected", "REJECTED_BY_ADMIN")
    assert new_log(before) == ["allocation_registration.rejected"]
    assert list(Notification.objects.values_list("user_id", flat=True)) == [scene.losers[0].created_by_id]
    scene.command("withdraw", scene.winner)
    promoted = scene.command("promote").json()["results"]
    assert [row["registration_id"] for row in promoted] == [scene.losers[1].pk]
    assert scene.read() == scene.record


def test_only_what_is_ahead_is_cancelled(scene):
    first = dates(scene.event.target_starts_on, MONDAY, 16)
    after_three = dt.datetime.combine(first[3], dt.time(0), dt.UTC) - dt.timedelta(days=1)
    withdraw_entry(event_id=scene.event.pk, entry_id=scene.winner.pk, by=scene.cspace, now=after_three)
    assert live_dates(scene.winner) == first[:3]


def test_approving_a_loser_needs_the_slot_to_be_free(scene):
    loser, other = scene.losers
    response = scene.command("approve", loser)
    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    taken = Registration.objects.filter(series=scene.winner.series).in_order().first()
    assert response.json()["details"]["existing_registration_id"] == taken.pk
    assert len(response.json()["details"]["conflicts"]) == 16
    scene.command("withdraw", scene.winner)
    before = LogEntry.objects.count()
    granted = scene.command("approve", loser)
    assert (granted.status_code, granted.json()["status"], granted.json()["reason"]) == (200, "approved", None)
    assert live_dates(loser) == dates(scene.event.target_starts_on, MONDAY, 16)
    assert new_log(before) == ["allocation_registration.approved"]
    assert LogEntry.objects.order_by("-id")[0].details["is_override"] is True
    assert scene.detail(loser)["outcome"]["sentence"] == "Granted by hand after the draw: 16 dates."
    assert scene.command("approve", loser).status_code == 200
    assert scene.command("approve", other).status_code == 409
    assert len(new_log(before)) == 1
    assert scene.read() == scene.record


def test_an_override_skips_no_more_than_the_draw_would(scene, member, team, room):
    first = dates(scene.event.target_starts_on, MONDAY, 16)
    scene.command("withdraw", scene.winner)
    loser = scene.losers[0]
    for day in first[:8]:
        make_registration(by=member, group=team, classroom=room, day=day, start=630, end=690)
    assert scene.command("approve", loser).json()["status"] == "approved"
    assert live_dates(loser) == first[8:]
    assert {row["why"] for row in scene.detail(loser)["outcome"]["skipped"]} == {"booked"}
    scene.command("reject", loser)
    make_registration(by=member, group=team, classroom=room, day=first[8], start=630, end=690)
    assert scene.command("approve", loser).status_code == 409


def test_a_date_moved_by_hand_and_lost_to_a_closure_is_skipped_in_the_outcome(scene, api, cspace):
    first = Registration.objects.filter(series=scene.winner.series_id).in_order().first()
    day = dates(scene.event.target_starts_on, WEDNESDAY, 1)[0]
    assert api(cspace).put(f"registrations/{first.pk}/", {"date": day.isoformat()}).status_code == 200
    start = dt.datetime.combine(day, dt.time(1), dt.UTC)
    closure = {
        "starts_at": f"{start:%FT%TZ}",
        "ends_at": f"{start + dt.timedelta(hours=12):%FT%TZ}",
        "on_conflict": "cancel",
    }
    assert api(cspace).post(f"classrooms/{scene.room.name}/closures/", closure).status_code == 201
    outcome = scene.detail(scene.winner)["outcome"]
    assert outcome["skipped"] == [{"date": day.isoformat(), "why": "closed", "registration_id": None}]


def test_promoting_goes_on_by_the_same_rule(scene):
    order = [row["group_id"] for row in scene.api(scene.cspace).get(
        f"allocation-events/{scene.event.pk}/draw/").json()["group_order"]]  # fmt: skip
    assert scene.winner.group_id == order[0]
    scene.command("withdraw", scene.winner)
    before = LogEntry.objects.count()
    Notification.objects.all().delete()
    response = scene.command("promote")
    second = next(row for row in scene.losers if row.group_id == order[1])
    (row,) = response.json()["results"]
    assert {name: row[name] for name in ("position", "registration_id", "group_id", "occurrences", "skipped")} == {
        "position": 2,
        "registration_id": second.pk,
        "group_id": order[1],
        "occurrences": 16,
        "skipped": 0,
    }
    assert live_dates(second) == dates(scene.event.target_starts_on, MONDAY, 16)
    (entry,) = LogEntry.objects.order_by("id")[before:]
    assert (entry.action, entry.target) == ("allocation_event.promoted", f"allocation_event:{scene.event.pk}")
    assert entry.details["registration_ids"] == [second.pk]
    assert [notice.user_id for notice in Notification.objects.all()] == [second.created_by_id]
    assert scene.detail(second)["outcome"]["sentence"] == (
        "Drawn afterwards, 2nd, when your group had 0 minutes: 16 dates."
    )
    # Nothing is left to give: no second row.
    assert scene.command("promote").json() == {"results": []}
    assert LogEntry.objects.count() == before + 1
    scene.command("withdraw", second)
    third = next(row for row in scene.losers if row.group_id == order[2])
    assert [row["registration_id"] for row in scene.command("promote").json()["results"]] == [third.pk]
    assert scene.read() == scene.record


def test_a_slot_that_its_winner_has_moved_away_from_is_promoted(scene, api, cspace):
    """And the slot it has moved to is taken: nobody wins it a second time."""
    other = make_classroom("Room B")
    series = f"batch-allocations/{scene.winner.series_id}/"
    assert api(cspace).put(series, {"classroom": other.name}).status_code == 200
    (row,) = scene.command("promote").json()["results"]
    assert row["occurrences"] == 16
    scene.reload()
    assert api(cspace).put(series, {"classroom": scene.room.name}).status_code == 409
    assert scene.command("promote").json() == {"results": []}


def test_a_promotion_keeps_clear_of_where_winners_have_moved(api, cspace, scene, room):
    """A loser of the slot somebody moved into stays a loser when that slot's own winner gives it back."""
    event, other = make_event(cspace), make_classroom("Room B")
    mover = make_entry(event, scene.winner.group, room, cspace, day=WEDNESDAY)
    rivals = [make_entry(event, loser.group, other, cspace, day=WEDNESDAY) for loser in scene.losers]
    ended(event, cspace)
    api(cspace).post(f"allocation-events/{event.pk}/distribute/")
    for entry in (mover, *rivals):
        entry.refresh_from_db()
    winner = next(entry for entry in rivals if entry.status == "approved")
    api(cspace).post(f"allocation-events/{event.pk}/registrations/{winner.pk}/withdraw/")
    assert api(cspace).put(f"batch-allocations/{mover.series_id}/", {"classroom": "Room B"}).status_code == 200
    assert api(cspace).post(f"allocation-events/{event.pk}/promote/").json() == {"results": []}


def cancel_whole(scene, api):
    api(scene.cspace).delete(f"batch-allocations/{scene.winner.series_id}/")


def cancel_second_half(scene, api):
    half = dates(scene.event.target_starts_on, MONDAY, 16)[8]
    api(scene.cspace).delete(f"batch-allocations/{scene.winner.series_id}/?from_date={half}")


def shorten(scene, api):
    last = dates(scene.event.target_starts_on, MONDAY, 16)[7]
    api(scene.cspace).put(f"batch-allocations/{scene.winner.series_id}/", {"end_date": str(last)})


def cancel_each(scene, api):
    for pk in Registration.objects.filter(series_id=scene.winner.series_id).values_list("pk", flat=True):
        api(scene.cspace).delete(f"registrations/{pk}/")


def archive_group(scene, api):
    api(scene.cspace).delete(f"groups/{scene.winner.group_id}/")


@pytest.mark.parametrize(
    ("give_up", "freed"),
    [(cancel_whole, 16), (cancel_second_half, 8), (shorten, 8), (cancel_each, 16), (archive_group, 16)],
)
def test_time_given_up_in_any_way_is_promoted(scene, api, give_up, freed):
    give_up(scene, api)
    assert len(live_dates(scene.winner)) == 16 - freed
    (row,) = scene.command("promote").json()["results"]
    assert (row["occurrences"], row["skipped"]) == (freed, 16 - freed)
    assert scene.command("promote").json() == {"results": []}


def test_a_series_prolonged_again_after_a_promotion_stops_no_other(scene, api, cspace):
    """Two series then share a weekly slot, each with dates of its own: neither holds the slot as a whole."""
    mondays = dates(scene.event.target_starts_on, MONDAY, 16)
    series = f"batch-allocations/{scene.winner.series_id}/"
    assert api(cspace).put(series, {"end_date": str(mondays[7])}).status_code == 200
    (row,) = scene.command("promote").json()["results"]
    assert row["occurrences"] == 8
    assert api(cspace).put(series, {"end_date": str(scene.event.target_ends_on)}).status_code == 200
    assert live_dates(scene.winner) == mondays[:8]
    again = scene.command("promote")
    assert (again.status_code, again.json()) == (200, {"results": []})


def test_a_series_moved_and_half_moved_back_holds_the_dates_it_has(scene, api, cspace):
    """Its row looks as it was drawn, but half of its occurrences lie elsewhere."""
    mondays = dates(scene.event.target_starts_on, MONDAY, 16)
    make_classroom("Room B")
    series = f"batch-allocations/{scene.winner.series_id}/"
    assert api(cspace).put(series, {"classroom": "Room B"}).status_code == 200
    back = {"classroom": scene.room.name, "from_date": str(mondays[8])}
    assert api(cspace).put(series, back).status_code == 200
    (row,) = scene.command("promote").json()["results"]
    assert (row["occurrences"], row["skipped"]) == (8, 8)
    promoted = next(loser for loser in scene.losers if loser.pk == row["registration_id"])
    assert live_dates(promoted) == mondays[:8]
    assert scene.command("promote").json() == {"results": []}
    assert verify_draw(scene.event).since == ["1 promoted since", "1 series moved since"]


def test_a_slot_that_is_taken_by_a_series_moved_away_and_back_is_given_to_nobody(api, cspace, scene, room):
    """On Tuesdays lies what the row says to be on Mondays."""
    event = make_event(cspace, weeks=3)
    mover = make_entry(event, scene.winner.group, room, cspace, day=3)
    rivals = [make_entry(event, loser.group, room, cspace, day=4) for loser in scene.losers]
    ended(event, cspace)
    path = f"allocation-events/{event.pk}/"
    assert api(cspace).post(f"{path}distribute/").status_code == 200
    for entry in (mover, *rivals):
        entry.refresh_from_db()
    winner = next(entry for entry in rivals if entry.status == "approved")
    api(cspace).post(f"{path}registrations/{winner.pk}/withdraw/")
    series = f"batch-allocations/{mover.series_id}/"
    assert api(cspace).put(series, {"day_of_week": 4}).status_code == 200
    last = dates(event.target_starts_on, 3, 3)[-1]
    api(cspace).put(series, {"day_of_week": 3, "from_date": str(last)})
    for row in api(cspace).post(f"{path}promote/").json()["results"]:
        assert row["occurrences"] >= 2
    assert verify_draw(event).wins == 2


def test_a_winner_with_a_date_left_keeps_its_slot(scene, api):
    series = Registration.objects.filter(series_id=scene.winner.series_id).in_order()
    for pk in list(series.values_list("pk", flat=True))[:15]:
        api(scene.cspace).delete(f"registrations/{pk}/")
    assert scene.command("promote").json() == {"results": []}


def test_a_room_that_is_closed_for_booking_is_given_to_nobody(scene, api, cspace):
    scene.command("withdraw", scene.winner)
    api(cspace).put(f"classrooms/{scene.room.name}/", {"is_active": False})
    assert scene.command("promote").json() == {"results": []}
    granted = scene.command("approve", scene.losers[0])
    assert (granted.status_code, granted.json()["code"]) == (409, "CONFLICT")
    event = make_event(cspace)
    entry = make_entry(event, scene.losers[0].group, scene.room, cspace, day=WEDNESDAY)
    ended(event, cspace)
    api(cspace).post(f"allocation-events/{event.pk}/distribute/")
    entry.refresh_from_db()
    assert (entry.status, entry.reason, entry.series_id) == ("rejected", "UNAVAILABLE", None)
    manifest = api(cspace).get(f"allocation-events/{event.pk}/draw/manifest/").content.decode()
    first, days = event.target_starts_on, 16 * 7
    assert [line for line in manifest.splitlines() if line.startswith(("closed", "booked"))] == [
        f"closed\t{scene.room.pk}\t{first + dt.timedelta(days=ahead)}" for ahead in range(days)
    ]


def test_what_was_granted_by_hand_is_not_promoted_over(scene):
    scene.command("withdraw", scene.winner)
    assert scene.command("approve", scene.losers[0]).status_code == 200
    assert scene.command("promote").json() == {"results": []}
    assert live_dates(scene.losers[1]) == []


def test_promoting_is_for_distributed_events_with_dates_left(api, cspace, scene):
    event = make_event(cspace)
    response = api(cspace).post(f"allocation-events/{event.pk}/promote/")
    assert (response.status_code, response.json()["error"]) == (
        409,
        "The allocation event has not been distributed yet",
    )
    last = scene.event.target_ends_on
    evening = dt.datetime.combine(last, dt.time(12), dt.UTC)
    with pytest.raises(EventIsOver):
        promote(event_id=scene.event.pk, by=cspace, now=evening)


def test_dry_runs_change_nothing(scene, api, cspace):
    counts = Occupancy.objects.filter(is_live=True).count(), LogEntry.objects.count()
    url = f"allocation-events/{scene.event.pk}/registrations/{scene.winner.pk}/withdraw/?dry_run=true"
    assert api(cspace).post(url).json()["status"] == "withdrawn"
    assert (Occupancy.objects.filter(is_live=True).count(), LogEntry.objects.count()) == counts
    assert Draw.objects.count() == 1
    scene.command("withdraw", scene.winner)
    (row,) = api(cspace).post(f"allocation-events/{scene.event.pk}/promote/?dry_run=true").json()["results"]
    assert (row["occurrences"], row["series_id"]) == (16, None)
