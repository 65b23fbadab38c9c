"""What registrations are to be charged to quotas, by the rules in force; and whether the ledger says the same."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from kernel.campus_time import Interval, cut_per_day
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow
from policies.queries.charges import asking_for_charges, charges_in
from policies.queries.rulebook import Rulebook, rulebook_now
from policies.rules.ledger import ChargesMade, Ledger
from policies.rules.quotas import Charge, moment_of, period_began
from policies.rules.scopes import Party, Place, PolicyRule, Stay, deciding
from policies.rules.wishes import BookingWish

# Those that are live, and those that were given up too late.
CHARGED = """
SELECT held.id, held.classroom_id, room.building, room.floor, room.capacity, held.starts_at, held.ends_at,
       registration.group_id, team.kind, team.tag_keys, registration.created_by_id, registration.created_at
  FROM classrooms_occupancy AS held
  JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
  JOIN classrooms_classroom AS room ON room.id = held.classroom_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
 WHERE (held.is_live OR registration.is_still_charged) AND {condition}
 ORDER BY held.id
"""
ALL_AHEAD = CHARGED.format(condition="held.ends_at > %s::timestamptz")
NOT_LIVE = """
SELECT charge.registration_id, charge.rule_id, charge.amount
  FROM policies_quotacharge AS charge
  JOIN classrooms_occupancy AS held ON held.id = charge.registration_id
  LEFT JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
 WHERE registration.occupancy_id IS NULL OR NOT (held.is_live OR registration.is_still_charged)
 ORDER BY charge.id
"""


def ledger_differences(now: datetime) -> list[str]:
    """A line for each registration whose charges are not what it is to be charged in the present and coming periods."""
    rulebook = rulebook_now()
    stale, rows = send(Statement(NOT_LIVE), Statement(ALL_AHEAD, (earliest_period(rulebook, now),)))
    lines = [f"registration {pk} is not live, and is charged {amount} to rule {rule}" for pk, rule, amount in stale]
    present = charges_by_registration(*send(asking_for_charges([row[0] for row in rows])))
    for row in rows:
        wish, own = wish_in(row), present.get(row[0], [])
        due, charged = _sums(due_charges(wish, rulebook, own, now=now)), _sums(own)
        if due != charged:
            lines.append(
                f"registration {row[0]} is charged {_in_words(charged)}, and is to be charged {_in_words(due)}"
            )
    return lines


def _sums(charges: Iterable[Charge]) -> Counter[tuple[int, str, int]]:
    sums = Counter[tuple[int, str, int]]()
    for each in charges:
        sums[each.rule_id, each.owner.kind.value, each.owner.id] += each.amount
    return sums


def _in_words(sums: Counter[tuple[int, str, int]]) -> str:
    """ "120 to rule 7 (group 3)"."""
    parts = [f"{amount} to rule {rule} ({kind} {owner})" for (rule, kind, owner), amount in sorted(sums.items())]
    return ", ".join(parts) or "nothing"


def charges_by_registration(rows: Iterable[ResultRow]) -> Mapping[int, list[Charge]]:
    """The charges that `asking_for_charges` has found, by registration."""
    by_registration = defaultdict[int, list[Charge]](list)
    for charge in charges_in(rows):
        by_registration[charge.registration_id].append(charge)
    return by_registration


def earliest_period(rulebook: Rulebook, now: datetime) -> datetime:
    """When the first of the present periods of all quotas began."""
    return min((period_began(rule.quota, now, rulebook.terms) for rule in rulebook.quotas), default=now)


def due_charges(
    wish: BookingWish, rulebook: Rulebook, own: Sequence[Charge], *, now: datetime | None = None
) -> list[Charge]:
    """What a registration is to be charged; `own`: what it has been. With `now`, what belongs to a period that is past
    then stays as it is, also if it is nothing."""
    decide = deciding(rulebook.quotas, wish.party, wish.place, wish.stay, rulebook.terms)
    pk = wish.registration_id or 0
    charges = Ledger(charges=ChargesMade(own)).charges_for(wish, decide, pk)
    if now is None:
        return charges
    past = {rule.id for rule in rulebook.quotas if not _is_charged(rule, wish, now, rulebook)}
    return [each for each in charges if each.rule_id not in past] + [each for each in own if each.rule_id in past]


def _is_charged(rule: PolicyRule, wish: BookingWish, now: datetime, rulebook: Rulebook) -> bool:
    return moment_of(rule.quota, wish.stay, wish.booked_at) >= period_began(rule.quota, now, rulebook.terms)


def wish_in(row: ResultRow, labels: tuple[str, frozenset[str]] | None = None) -> BookingWish:
    """A registration as it was wished at the moment at which it was made. `labels`: kind and tags of its group,
    where they are to be others."""
    pk, classroom_id, building, floor, capacity, starts_at, ends_at = row[:7]
    group_id, kind, tag_keys, person_id, created_at = row[7:]
    kind, tags = labels or (kind or "", frozenset(tag_keys or ()))
    return BookingWish(
        Party(person_id) if group_id is None else Party(person_id, group_id, kind, tags),
        Place(classroom_id, building, floor, capacity),
        _stay(Interval(starts_at, ends_at)),
        created_at,
        registration_id=pk,
    )


def _stay(interval: Interval) -> Stay:
    piece = next(cut_per_day(interval))
    return Stay(piece.date, piece.start_minute, piece.end_minute, interval)
