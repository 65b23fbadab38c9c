"""What owners have already: the live bookings, charges and marks that say what more they may have. One statement."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain

import orjson

from kernel.campus_time import Interval, campus_date, day_start
from kernel.db.arrays import array_of
from kernel.db.batch import Statement
from policies.enums import OwnerKind
from policies.queries.rulebook import Rulebook
from policies.rules.ledger import ChargesMade, Ledger
from policies.rules.limits import Quota
from policies.rules.quotas import Charge, moment_of, windows_at
from policies.rules.scopes import Owner
from policies.rules.wishes import BookingWish, MarkGathered, OwnBooking

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INSTANT = "(extract(epoch FROM {}) * 1000000)::bigint"
NOTHING = "'[]'::jsonb"
OF_OWNER = "({alias}.group_id = ANY(%s::bigint[]) OR {alias}.group_id IS NULL AND {alias}.{person} = ANY(%s::bigint[]))"
BOOKINGS = f"""
(SELECT coalesce(jsonb_agg(jsonb_build_array(registration.group_id, registration.created_by_id, held.id,
                 held.classroom_id, {INSTANT.format("held.starts_at")}, {INSTANT.format("held.ends_at")})
                 ORDER BY held.id), {NOTHING})
   FROM registrations_registration AS registration
   JOIN classrooms_occupancy AS held ON held.id = registration.occupancy_id AND held.is_live
  WHERE {OF_OWNER.format(alias="registration", person="created_by_id")}
    AND held.starts_at < %s::timestamptz AND held.ends_at > %s::timestamptz)
"""  # noqa: S608  # constants of ours
CHARGES = f"""
(SELECT coalesce(jsonb_agg(jsonb_build_array(charge.rule_id, charge.owner_kind, charge.owner_id,
                 charge.registration_id, {INSTANT.format("charge.counts_at")}, charge.amount)
                 ORDER BY charge.id), {NOTHING})
   FROM (SELECT charge.* FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
                AS asked (rule_id, starts_at, ends_at)
           JOIN policies_quotacharge AS charge ON charge.rule_id = asked.rule_id
            AND (charge.owner_kind = 'group' AND charge.owner_id = ANY(%s::bigint[])
                 OR charge.owner_kind = 'person' AND charge.owner_id = ANY(%s::bigint[]))
            AND charge.counts_at >= asked.starts_at AND charge.counts_at < asked.ends_at
          UNION
         SELECT * FROM policies_quotacharge WHERE registration_id = ANY(%s::bigint[])) AS charge)
"""  # noqa: S608
MARKS = f"""
(SELECT coalesce(jsonb_agg(jsonb_build_array(mark.group_id, mark.user_id, mark.points,
                 {INSTANT.format("mark.given_at")}) ORDER BY mark.id), {NOTHING})
   FROM policies_mark AS mark
  WHERE {OF_OWNER.format(alias="mark", person="user_id")}
    AND mark.withdrawn_at IS NULL AND mark.given_at >= %s::timestamptz)
"""  # noqa: S608


def asking_for_owners(rulebook: Rulebook, wishes: Sequence[BookingWish]) -> Statement | None:
    """The question for `ledger_in`; None, where nothing that owners have counts for anything.

    It is the same all day long, so that it can be asked before the moment at which its answer is judged.
    """
    if not rulebook.counts_for_owners or not wishes:
        return None
    parts = [
        _bookings(rulebook, wishes) if rulebook.gap_minutes is not None else Statement(NOTHING),
        _charges(rulebook, wishes) if rulebook.quotas else Statement(NOTHING),
        _marks(rulebook, wishes) if rulebook.mark_days is not None else Statement(NOTHING),
    ]
    sql = f"SELECT jsonb_build_array({', '.join(part.sql for part in parts)})::text"
    return Statement(sql, tuple(chain.from_iterable(part.parameters for part in parts)))


def ledger_in(answer: str) -> Ledger:
    """What is known of the owners."""
    bookings, charges, marks = orjson.loads(answer)
    bookings_of = defaultdict[Owner, list[OwnBooking]](list)
    for group_id, person_id, registration_id, classroom_id, starts_at, ends_at in bookings:
        interval = Interval(_instant(starts_at), _instant(ends_at))
        bookings_of[_owner(group_id, person_id)].append(OwnBooking(registration_id, classroom_id, interval))
    marks_of = defaultdict[Owner, list[MarkGathered]](list)
    for group_id, person_id, points, given_at in marks:
        marks_of[_owner(group_id, person_id)].append(MarkGathered(points, _instant(given_at)))
    charged = ChargesMade(
        Charge(rule_id, Owner(OwnerKind(kind), owner_id), registration_id, _instant(counts_at), amount)
        for rule_id, kind, owner_id, registration_id, counts_at, amount in charges
    )
    return Ledger(bookings_of, charged, marks_of)


def _owner(group_id: int | None, person_id: int) -> Owner:
    return Owner(OwnerKind.PERSON, person_id) if group_id is None else Owner(OwnerKind.GROUP, group_id)


def _instant(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND


def _owner_ids(wishes: Sequence[BookingWish]) -> tuple[str, str]:
    """The groups, and the people."""
    groups = sorted({wish.party.group_id for wish in wishes if wish.party.group_id is not None})
    return array_of(groups), array_of(sorted({wish.party.person_id for wish in wishes}))


def _bookings(rulebook: Rulebook, wishes: Sequence[BookingWish]) -> Statement:
    apart = timedelta(minutes=rulebook.gap_minutes or 0)
    first = min(wish.stay.interval.starts_at for wish in wishes) - apart
    last = max(wish.stay.interval.ends_at for wish in wishes) + apart
    return Statement(BOOKINGS, (*_owner_ids(wishes), last, first))


def _charges(rulebook: Rulebook, wishes: Sequence[BookingWish]) -> Statement:
    spans = [(rule.id, *_span_of(rule.quota, wishes, rulebook)) for rule in rulebook.quotas]
    own = sorted({wish.registration_id for wish in wishes if wish.registration_id is not None})
    columns = map(array_of, zip(*spans, strict=True))
    return Statement(CHARGES, (*columns, *_owner_ids(wishes), array_of(own)))


def _span_of(quota: Quota, wishes: Sequence[BookingWish], rulebook: Rulebook) -> tuple[datetime, datetime]:
    """From when to when charges to a quota matter; what is outstanding, from the beginning of today on."""
    windows = [
        window
        for wish in wishes
        for window in windows_at(
            quota, moment_of(quota, wish.stay, wish.booked_at), rulebook.terms, now=_today(wish.now)
        )
    ]
    first = min((window.starts_at or EPOCH for window in windows), default=EPOCH)
    return first, max((window.ends_at or FOREVER for window in windows), default=EPOCH)


FOREVER = datetime(9000, 1, 1, tzinfo=UTC)


def _marks(rulebook: Rulebook, wishes: Sequence[BookingWish]) -> Statement:
    since = _today(min(wish.now for wish in wishes)) - timedelta(days=(rulebook.mark_days or 0) + 1)
    return Statement(MARKS, (*_owner_ids(wishes), since))


def _today(now: datetime) -> datetime:
    return day_start(campus_date(now))
