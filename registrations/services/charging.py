"""Charging live registrations to quotas: those that a command has just written, or all that new rules concern."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from classrooms.facts import ClassroomMoving
from groups.facts import GroupRelabelling
from groups.rules import tag_key
from kernel.academic_calendar import CalendarChanging
from kernel.campus_time import Interval
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow
from kernel.facts import on_cascade
from policies.facts import RulesWriting
from policies.queries.rulebook import Rulebook, kept_rulebook, rulebook_now
from policies.rules.ledger import Ledger
from policies.rules.quotas import Charge, moment_of, period_began
from policies.rules.scopes import Party, Place, Rule, deciding
from policies.rules.verdicts import Wish
from policies.services.booking_rules import goes_by_calendar, hold_rules, renew_rules
from policies.services.charges import asking_for_charges, charges_in, charging, recharging
from registrations.services.judging import stay_of

LIVE = """
SELECT held.id, held.classroom_id, room.building, room.floor, room.capacity, held.starts_at, held.ends_at,
       registration.group_id, team.kind, team.tag_keys, registration.created_by_id, registration.created_at
  FROM classrooms_occupancy AS held
  JOIN registrations_registration AS registration ON registration.occupancy_id = held.id
  JOIN classrooms_classroom AS room ON room.id = held.classroom_id
  LEFT JOIN groups_group AS team ON team.id = registration.group_id
 WHERE held.is_live AND {condition}
 ORDER BY held.id FOR SHARE OF held
"""
"""Whoever is giving one of them back at this moment is waited for: what he gives back is not charged."""
AMONG = LIVE.format(condition="held.id = ANY(%s::bigint[])")
AHEAD = LIVE.format(
    condition="held.ends_at > %s::timestamptz AND (%s::bigint IS NULL OR registration.group_id = %s::bigint)"
    " AND (%s::bigint IS NULL OR held.classroom_id = %s::bigint)"
)


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(RulesWriting, charge_by_rules_written)
    on_cascade(GroupRelabelling, charge_by_other_labels)
    on_cascade(ClassroomMoving, charge_by_another_place)
    on_cascade(CalendarChanging, charge_by_another_calendar)


def charge_written(registration_ids: Collection[int], *, are_new: bool = True) -> None:
    """Charge live registrations that this transaction has written, under the rules' lock; `are_new`: they have never
    been charged. The caller has made sure that this process goes by the rules in force. Nothing without quotas."""
    if not registration_ids:
        return
    rulebook = kept_rulebook()
    if not rulebook.quotas:
        return
    (rows,) = send(Statement(AMONG, (array_of(registration_ids),)))
    charges = [charge for row in rows for charge in _due(_wish_in(row), rulebook, [])]
    if statements := charging(charges) if are_new else recharging(registration_ids, charges):
        send(*statements)


def charge_by_rules_written(writing: RulesWriting) -> list[str]:
    """What is live in the present and coming periods is charged to the rules that decide now."""
    _charge_ahead(writing.occurred_at, anew=writing.rule_ids)
    return []


def charge_by_other_labels(relabelling: GroupRelabelling) -> list[str]:
    """Other rules may decide about the group by its new tags."""
    hold_rules()
    tags = frozenset(map(tag_key, relabelling.tags))
    _charge_ahead(relabelling.occurred_at, group_id=relabelling.group_id, tags=tags)
    renew_rules()
    return []


def charge_by_another_place(moving: ClassroomMoving) -> list[str]:
    """Other rules may decide about a room in another building or on another floor."""
    hold_rules()
    _charge_ahead(moving.occurred_at, classroom_id=moving.classroom_id)
    renew_rules()
    return []


def charge_by_another_calendar(changing: CalendarChanging) -> list[str]:
    """Rules may hold on other days. Nobody waits for it, where none goes by the academic year."""
    if goes_by_calendar():
        hold_rules()
        _charge_ahead(changing.occurred_at)
    renew_rules()
    return []


def _charge_ahead(
    now: datetime,
    *,
    anew: Collection[int] = (),
    group_id: int | None = None,
    tags: frozenset[str] | None = None,
    classroom_id: int | None = None,
) -> None:
    """Charge what is live, as far as it matters to a present or coming period, as the rules that bind now say.

    `anew`: what was charged to these rules before is forgotten. `tags`: those of the group that it is about.
    """
    rulebook = rulebook_now()
    if not rulebook.quotas:
        return
    (rows,) = send(Statement(AHEAD, (earliest_period(rulebook, now), group_id, group_id, classroom_id, classroom_id)))
    ids = [row[0] for row in rows]
    present = charges_by_registration(*send(asking_for_charges(ids)))
    charges, changed = list[Charge](), list[int]()
    for row in rows:
        wish, before = _wish_in(row, tags), present.get(row[0], [])
        kept = [charge for charge in before if charge.rule_id not in anew]
        due = _due(wish, rulebook, kept, now=now)
        if sorted(due, key=repr) != sorted(before, key=repr):
            changed.append(row[0])
            charges += due
    if changed:
        send(*recharging(changed, charges))


def charges_by_registration(rows: Iterable[ResultRow]) -> Mapping[int, list[Charge]]:
    """The charges that `asking_for_charges` has found, by registration."""
    found = defaultdict[int, list[Charge]](list)
    for charge in charges_in(rows):
        found[charge.registration_id].append(charge)
    return found


def earliest_period(rulebook: Rulebook, now: datetime) -> datetime:
    """When the first of the present periods of all quotas began."""
    return min((period_began(rule.quota, now, rulebook.terms) for rule in rulebook.quotas), default=now)


def due_charges(row: ResultRow, rulebook: Rulebook, own: Sequence[Charge], *, now: datetime) -> list[Charge]:
    """What a live registration, a row of `AHEAD`, is to be charged; `own`: what it has been charged."""
    return _due(_wish_in(row), rulebook, own, now=now)


def _due(wish: Wish, rulebook: Rulebook, own: Sequence[Charge], *, now: datetime | None = None) -> list[Charge]:
    """What a registration is charged. What belongs to a past period stays as it is, also if it is nothing."""
    decide = deciding(rulebook.quotas, wish.party, wish.place, wish.stay, rulebook.terms)
    pk = wish.registration_id or 0
    charges = Ledger(charges=list(own)).charges_for(wish, decide, pk)
    if now is None:
        return charges
    past = {rule.id for rule in rulebook.quotas if not _is_charged(rule, wish, now, rulebook)}
    return [each for each in charges if each.rule_id not in past] + [each for each in own if each.rule_id in past]


def _is_charged(rule: Rule, wish: Wish, now: datetime, rulebook: Rulebook) -> bool:
    return moment_of(rule.quota, wish.stay, wish.booked_at) >= period_began(rule.quota, now, rulebook.terms)


def _wish_in(row: ResultRow, tags: frozenset[str] | None = None) -> Wish:
    """A live registration as it was wished at the moment at which it was made."""
    pk, classroom_id, building, floor, capacity, starts_at, ends_at = row[:7]
    group_id, kind, tag_keys, person_id, created_at = row[7:]
    labels = frozenset(tag_keys or ()) if tags is None else tags
    return Wish(
        Party(person_id, group_id, kind or "", labels if group_id is not None else frozenset()),
        Place(classroom_id, building, floor, capacity),
        stay_of(Interval(starts_at, ends_at)),
        created_at,
        registration_id=pk,
    )
