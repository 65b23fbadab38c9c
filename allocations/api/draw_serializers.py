"""The wire format of the draw, its record and what comes after it."""

from hashlib import sha256
from typing import Any

from rest_framework import serializers

from allocations.models import Draw
from allocations.queries.alternatives import FreeSlot
from allocations.queries.outcomes import EntryOutcome
from allocations.rules import ALGORITHM
from allocations.services.promoting import Promotion
from kernel.api.examples import days_on
from kernel.api.fields import DateField, EndTimeField, QueryIntegerField, TextField, TimeField
from kernel.api.serializers import Input, Output, Query, Shape
from kernel.campus_time import format_minute
from registrations.models import Series

HASH = sha256(b"").hexdigest()
"""Stands in the examples for any hash."""


class DistributeInput(Input):
    """`POST …/distribute/`. The public value is taken as it is: not trimmed, not normalised."""

    example = {}

    public_value = TextField(required=False)


class DistributeOutput(Output):
    """The documented counts; `practice` only in a dry run."""

    example = {"id": 1, "total_registrations": 2, "successful_allocations": 1, "failed_allocations": 1}

    id = serializers.IntegerField()
    total_registrations = serializers.IntegerField()
    successful_allocations = serializers.IntegerField()
    failed_allocations = serializers.IntegerField()
    practice = serializers.BooleanField(required=False)

    def represent(self, instance: Draw) -> dict[str, Any]:
        return {
            "id": instance.event_id,
            "total_registrations": instance.total,
            "successful_allocations": instance.successful,
            "failed_allocations": instance.failed,
        }


class ParamsOutput(Shape):
    example = {"balance": "minutes", "conflict": "skip", "max_wins": 0, "min_percent": 50, "tie": "ticket"}

    balance = serializers.CharField()
    conflict = serializers.CharField()
    max_wins = serializers.IntegerField()
    min_percent = serializers.IntegerField()
    tie = serializers.CharField()


class GroupPlaceOutput(Shape):
    example = {"group_id": 2, "ticket": HASH, "place": 1}

    group_id = serializers.IntegerField()
    ticket = serializers.CharField()
    place = serializers.IntegerField()


class WinnerOutput(Shape):
    example = {
        "position": 1,
        "registration_id": 200,
        "group_id": 2,
        "served_before_minutes": 0,
        "occurrences": 16,
        "skipped": 0,
    }

    position = serializers.IntegerField()
    registration_id = serializers.IntegerField()
    group_id = serializers.IntegerField()
    served_before_minutes = serializers.IntegerField()
    occurrences = serializers.IntegerField()
    skipped = serializers.IntegerField()


class StatisticsOutput(Shape):
    example = {
        "total_registrations": 2,
        "successful_allocations": 1,
        "failed_allocations": 1,
        "groups": 2,
        "groups_served": 1,
        "weekly_minutes_wished": 140,
        "weekly_minutes_given": 70,
        "occurrences": 16,
        "reasons": {"LOST": 1},
    }

    total_registrations = serializers.IntegerField()
    successful_allocations = serializers.IntegerField()
    failed_allocations = serializers.IntegerField()
    groups = serializers.IntegerField()
    groups_served = serializers.IntegerField()
    weekly_minutes_wished = serializers.IntegerField()
    weekly_minutes_given = serializers.IntegerField()
    occurrences = serializers.IntegerField()
    reasons = serializers.DictField(child=serializers.IntegerField())


class DrawOutput(Shape):
    """`GET …/draw/`; saved as draw.json it is what the verifier reads. Before the draw without seed and result."""

    example = {
        "algorithm": ALGORITHM,
        "commitment": sha256(bytes(32)).hexdigest(),
        "seed": bytes(32).hex(),
        "salt": "",
        "key": HASH,
        "manifest_sha256": HASH,
        "result_sha256": HASH,
    }

    algorithm = serializers.CharField()
    commitment = serializers.CharField()
    seed = serializers.CharField(allow_null=True)
    salt = serializers.CharField(allow_null=True)
    key = serializers.CharField(allow_null=True)
    manifest_sha256 = serializers.CharField(allow_null=True)
    result_sha256 = serializers.CharField(allow_null=True)
    params = ParamsOutput()
    group_order = GroupPlaceOutput(many=True)
    winners = WinnerOutput(many=True)
    statistics = StatisticsOutput(allow_null=True)


class LostToOutput(Shape):
    example = {"registration_id": 201, "position": 1, "group_id": 3, "served_before_minutes": 0}

    registration_id = serializers.IntegerField()
    position = serializers.IntegerField()
    group_id = serializers.IntegerField()
    served_before_minutes = serializers.IntegerField()


class SkippedOutput(Shape):
    example = {"date": days_on(14), "why": "booked", "registration_id": 99}

    date = DateField()
    why = serializers.ChoiceField(choices=["closed", "booked", "dst"])
    registration_id = serializers.IntegerField(allow_null=True)


class OutcomeOutput(Output):
    """What became of an entry, and why."""

    example = {
        "reason": "LOST",
        "own_minutes": 0,
        "dates": [],
        "skipped": [],
        "sentence": "Lost to entry 201, drawn 1st, when group 316 had 0 minutes; you had 0.",
    }

    reason = serializers.CharField(allow_null=True)
    lost_to = LostToOutput(allow_null=True)
    own_minutes = serializers.IntegerField()
    dates = serializers.ListField(child=DateField())
    skipped = SkippedOutput(many=True)
    sentence = serializers.CharField()

    def represent(self, instance: EntryOutcome) -> dict[str, Any]:
        winner = instance.lost_to
        return {
            "reason": instance.reason,
            "lost_to": winner
            and {
                "registration_id": winner.pk,
                "position": winner.position,
                "group_id": winner.group_id,
                "served_before_minutes": instance.winner_minutes,
            },
            "own_minutes": instance.own_minutes,
            "dates": [day.isoformat() for day in instance.dates],
            "skipped": [
                {"date": row.date.isoformat(), "why": row.why, "registration_id": row.registration_id}
                for row in instance.skipped
            ],
            "sentence": instance.sentence,
        }


class AlternativesQuery(Query):
    limit = QueryIntegerField(min_value=1, max_value=100, default=10)


class AlternativeOutput(Output):
    example = {"classroom": "Room A", "day_of_week": 3, "start_time": "10:20", "end_time": "11:30"}

    classroom = serializers.CharField()
    day_of_week = serializers.IntegerField()
    start_time = TimeField()
    end_time = EndTimeField()

    def represent(self, instance: FreeSlot) -> dict[str, Any]:
        return {
            "classroom": instance.classroom.name,
            "day_of_week": instance.day_of_week,
            "start_time": format_minute(instance.start_minute),
            "end_time": format_minute(instance.end_minute),
        }


class AlternativeList(Shape):
    results = AlternativeOutput(many=True)


class PromotedOutput(Output):
    """A loser that has won after all; positions go on from the draw's."""

    example = {
        "position": 2,
        "registration_id": 201,
        "group_id": 3,
        "series_id": 8,
        "occurrences": 16,
        "skipped": 0,
    }
    perhaps_generated = {"series_id": Series}

    position = serializers.IntegerField()
    registration_id = serializers.IntegerField()
    group_id = serializers.IntegerField()
    series_id = serializers.IntegerField(allow_null=True)
    occurrences = serializers.IntegerField()
    skipped = serializers.IntegerField()

    def represent(self, instance: Promotion) -> dict[str, Any]:
        return {
            "position": instance.win.position,
            "registration_id": instance.entry.pk,
            "group_id": instance.entry.group_id,
            "series_id": instance.series.id,
            "occurrences": len(instance.series.occurrences),
            "skipped": len(instance.series.skipped),
        }


class PromotedList(Shape):
    results = PromotedOutput(many=True)
