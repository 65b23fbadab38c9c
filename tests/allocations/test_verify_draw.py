"""`manage.py verify_draw`: the stored bytes against themselves, and the live rows against the bytes."""

import io
import zlib

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from allocations.models import AllocationRegistration, Draw
from allocations.queries.manifest import unpacked
from allocations.services.after_draw import withdraw_entry
from allocations.services.distributing import distribute
from classrooms.models import Occupancy
from kernel import clock
from registrations.models import Registration
from registrations.services.cancelling import cancel_registration
from tests.allocations.scenes import WEDNESDAY, ended, make_entry, make_event
from tests.factories import make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(cspace, member, team, room):
    """One winner and one loser of a distributed event, and one alone."""
    event = make_event(cspace)
    made = [
        make_entry(event, team, room, member, start=600, end=720),
        make_entry(event, make_group("316"), room, member, start=660, end=780),
        make_entry(event, team, room, member, day=WEDNESDAY),
    ]
    ended(event, cspace)
    distribute(event_id=event.pk, by=cspace, now=clock.now())
    for entry in made:
        entry.refresh_from_db()
    return made


@pytest.fixture
def winner(entries):
    return next(entry for entry in entries if entry.status == "approved")


@pytest.fixture
def loser(entries):
    return next(entry for entry in entries if entry.status == "rejected")


def verify(entry):
    out = io.StringIO()
    call_command("verify_draw", str(entry.event_id), stdout=out)
    return out.getvalue().splitlines()


def said(entry):
    return f"The draw of allocation event {entry.event_id} is as published: 2 won, 1 did not;"


def test_an_untouched_draw(entries):
    assert verify(entries[0]) == [f"{said(entries[0])} 32 occurrences stand as drawn."]


def test_what_happened_since_is_told(entries, winner, member, cspace):
    single = Registration.objects.filter(series__event_id=winner.event_id).exclude(series=winner.series).first()
    cancel_registration(registration_id=single.pk, by=cspace, now=clock.now())
    withdraw_entry(event_id=winner.event_id, entry_id=winner.pk, by=cspace, now=clock.now())
    assert verify(winner) == [
        f"{said(winner)} 15 occurrences stand as drawn.",
        "After the draw: 1 given or taken back since.",
        "After the draw: 17 occurrences cancelled or rejected since.",
    ]


def test_a_loser_rejected_and_a_series_passed_on_since_are_told(entries, winner, loser, cspace, api):
    api(cspace).post(f"allocation-events/{loser.event_id}/registrations/{loser.pk}/reject/")
    api(cspace).put(f"batch-allocations/{winner.series_id}/", {"group_id": loser.group_id})
    assert verify(winner) == [
        f"{said(winner)} 16 occurrences stand as drawn.",
        "After the draw: 1 losers rejected by hand since.",
        "After the draw: 1 series passed on to another group since.",
    ]


def test_an_unknown_event_and_one_not_drawn(cspace):
    event = make_event(cspace)
    for number, sentence in (
        (event.pk, f"Allocation event {event.pk} has not been distributed."),
        (event.pk + 1, f"There is no allocation event {event.pk + 1}."),
    ):
        with pytest.raises(CommandError) as refused:
            call_command("verify_draw", str(number))
        assert (str(refused.value), refused.value.returncode) == (sentence, 1)


def forge_manifest(entry):
    stored = Draw.objects.get()
    forged = unpacked(stored.manifest).replace(b"\t1\t0\tP", b"\t2\t0\tP", 1)
    Draw.objects.update(manifest=zlib.compress(forged))


def forge_result(entry):
    stored = Draw.objects.get()
    Draw.objects.update(result=zlib.compress(unpacked(stored.result).replace(b"win\t1\t", b"win\t7\t")))


def forge_seed(entry):
    Draw.objects.update(seed=bytes(32))


def forge_position(entry):
    AllocationRegistration.objects.filter(pk=entry.pk).update(position=9)


def forge_winner(entry):
    AllocationRegistration.objects.filter(status="rejected").update(status="approved")


def forge_reason(entry):
    AllocationRegistration.objects.filter(status="rejected").update(reason="MAX_WINS", lost_to=None)


def forge_group(entry):
    other = make_group("701")
    AllocationRegistration.objects.filter(pk=entry.pk).update(group=other)


def forge_wish_of_loser(entry):
    AllocationRegistration.objects.filter(status="rejected").update(start_minute=540)


def give_an_occurrence_away(entry):
    row = Registration.objects.filter(series=entry.series).first()
    Registration.objects.filter(pk=row.pk).update(group=make_group("701"))


def spoil_manifest(entry):
    Draw.objects.update(manifest=b"no zlib")


def lose_an_occurrence(entry):
    row = Registration.objects.filter(series=entry.series).first()
    Registration.objects.filter(pk=row.pk).update(series=None)


def move_an_occurrence(entry):
    row = Registration.objects.filter(series=entry.series).select_related("occupancy").first()
    Occupancy.objects.filter(pk=row.pk).update(ends_at=row.occupancy.starts_at.replace(second=1))


def free_an_occurrence(entry):
    row = Registration.objects.filter(series=entry.series).first()
    Occupancy.objects.filter(pk=row.pk).update(is_live=False)


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (forge_manifest, "draw.json says manifest_sha256"),
        (forge_result, "Result line 4 is 'win"),
        (forge_seed, "draw.json says commitment"),
        (forge_position, "Entry {winner} won as number"),
        (forge_winner, "Entry {loser} did not win, but its row is approved."),
        (forge_reason, "Entry {loser} lost for LOST {winner}, but its row says MAX_WINS."),
        (forge_group, "Entry {winner} is for another group, room, time or rank than was drawn."),
        (forge_wish_of_loser, "Entry {loser} is for another group, room, time or rank than was drawn."),
        (give_an_occurrence_away, "Registration {first} is of another group than entry {winner}, which won it."),
        (spoil_manifest, "The stored manifest or result cannot be unpacked."),
        (lose_an_occurrence, "Entry {winner} won 20"),
        (move_an_occurrence, "Registration {first} is in another room or at another time than entry {winner} won."),
        (free_an_occurrence, "Registration {first} is approved, but its room time says otherwise."),
    ],
)
def test_a_difference_is_named(entries, winner, loser, forge, sentence):
    first = Registration.objects.filter(series=winner.series).first()
    forge(winner)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(CommandError) as refused:
        verify(winner)
    assert str(refused.value).startswith(sentence.format(winner=winner.pk, loser=loser.pk, first=first.pk))
    assert "\n" not in str(refused.value)
