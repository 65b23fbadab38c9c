"""The migration that gives every week of the series that are there its row, on a schema with everything in it."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from kernel import clock
from kernel.campus_time import campus_interval
from tests.migrating import migrate_to_the_end

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("registrations", "0003_series_that_have_moved")]


@pytest.fixture
def old_apps():
    """The models of the old schema; afterwards the schema is the present one again."""
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    try:
        loader = MigrationExecutor(connection).loader
        others = [node for node in loader.graph.leaf_nodes() if node[0] not in ("registrations", "mail")]
        yield loader.project_state([*others, *BEFORE]).apps
    finally:
        migrate_to_the_end()


@pytest.fixture
def scene(old_apps):
    return Scene(old_apps)


class Scene:
    """Rows of the old schema. Series run on Mondays, 10:00–12:00, from 2026-12-07 to 2026-12-28."""

    def __init__(self, apps):
        self.apps = apps
        self.user = self.model("accounts", "User").objects.create(username="p", display_name="P", password="x")
        self.group = self.model("groups", "Group").objects.create(name="522", name_key="522")
        self.rooms = iter(range(100))

    def model(self, app, name):
        return self.apps.get_model(app, name)

    def series(self, **more):
        number = next(self.rooms)
        self.room = self.model("classrooms", "Classroom").objects.create(
            name=f"R{number}", name_key=f"r{number}", name_order=f"r{number}", capacity=1, floor=0
        )
        values = {
            "group": self.group,
            "classroom": self.room,
            "day_of_week": 2,
            "start_minute": 600,
            "end_minute": 720,
            "starts_on": dt.date(2026, 12, 7),
            "ends_on": dt.date(2026, 12, 28),
            "description": "Choir",
            "source": "admin",
            "created_by": self.user,
            "created_at": clock.now(),
        }
        return self.model("registrations", "Series").objects.create(**values | more)

    def occurrence(self, series, day, *, status="approved", by_hand=False, description="Choir", start=600):
        interval = campus_interval(dt.date(2026, 12, 1).replace(day=day), start, start + 120)
        occupancy = self.model("classrooms", "Occupancy").objects.create(
            classroom=self.room,
            starts_at=interval.starts_at,
            ends_at=interval.ends_at,
            is_live=status in ("approved", "pending"),
            kind="registration",
        )
        return (
            self.model("registrations", "Registration")
            .objects.create(
                occupancy=occupancy,
                group=self.group,
                created_by=self.user,
                description=description,
                status=status,
                created_at=clock.now(),
                series=series,
                is_detached=by_hand,
            )
            .pk
        )

    def skipped(self, series, day, why, blocked_by=None):
        date = dt.date(2026, 12, day)
        self.model("registrations", "SkippedDate").objects.create(
            series=series, date=date, why=why, blocked_by_id=blocked_by
        )


def weeks_of(series):
    from registrations.models import SeriesWeek

    rows = SeriesWeek.objects.filter(series=series.pk).order_by("begins_on")
    return [(row.begins_on.day, row.state, row.registration_id) for row in rows]


def carry_over():
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "registrations"])


def test_every_week_gets_what_it_has(scene):
    from registrations.models import SeriesWeek

    series = scene.series()
    held = scene.occurrence(series, 7, description="Premiere")
    lost = scene.occurrence(series, 14, status="cancelled")
    scene.skipped(series, 14, "booked", held)
    rejected = scene.occurrence(series, 21, status="rejected")
    cancelled = scene.occurrence(series, 28, status="cancelled")

    carry_over()

    assert weeks_of(series) == [
        (6, "held", held),
        (13, "skipped", None),
        (20, "held", rejected),
        (27, "settled", cancelled),
    ]
    skipped = SeriesWeek.objects.get(state="skipped")
    assert (skipped.date, skipped.why, skipped.blocked_by_id) == (dt.date(2026, 12, 14), "booked", held)
    assert list(SeriesWeek.objects.in_order().values_list("own_description", flat=True)) == [
        "Premiere",
        None,
        None,
        None,
    ]
    assert lost not in [registration for *_, registration in weeks_of(series)]


def test_what_was_booked_again_counts_and_what_lies_behind_a_cancellation_is_given_up(scene):
    series = scene.series(cancelled_from=dt.date(2026, 12, 15))
    scene.occurrence(series, 7, status="cancelled")
    again = scene.occurrence(series, 7)
    by_hand = scene.occurrence(series, 14, status="cancelled")
    scene.occurrence(series, 21, status="cancelled")
    scene.skipped(series, 28, "closed")

    carry_over()

    assert weeks_of(series) == [
        (6, "held", again),
        (13, "settled", by_hand),
        (20, "given_up", None),
        (27, "given_up", None),
    ]


def test_what_was_moved_by_hand_goes_to_the_week_without_an_occurrence(scene):
    elsewhere = scene.series()
    moved = scene.occurrence(elsewhere, 15, by_hand=True)  # of the 7th
    second = scene.occurrence(elsewhere, 14)
    third = scene.occurrence(elsewhere, 23, by_hand=True)  # of the 21st
    last = scene.occurrence(elsewhere, 28)

    other = scene.series()
    within = scene.occurrence(other, 7)
    outside = scene.occurrence(other, 31, by_hand=True, start=900)  # of the 14th, beside the 28th
    scene.skipped(other, 21, "dst")
    end = scene.occurrence(other, 28)

    carry_over()

    assert weeks_of(elsewhere) == [
        (6, "settled", moved),
        (13, "held", second),
        (20, "settled", third),
        (27, "held", last),
    ]
    assert weeks_of(other) == [(6, "held", within), (13, "settled", outside), (20, "skipped", None), (27, "held", end)]


def test_what_is_carried_over_can_be_carried_back(scene):
    series = scene.series()
    scene.occurrence(series, 7)
    by_hand = scene.occurrence(series, 15, by_hand=True)
    scene.skipped(series, 21, "closed")
    carry_over()

    MigrationExecutor(connection).migrate(BEFORE)

    assert scene.model("registrations", "SkippedDate").objects.values_list("date", "why").get() == (
        dt.date(2026, 12, 21),
        "closed",
    )
    assert scene.model("registrations", "Registration").objects.get(is_detached=True).pk == by_hand
