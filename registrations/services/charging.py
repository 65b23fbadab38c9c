"""Charging registrations to quotas: those that a command has just written, or all that new rules concern."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from accounts.facts import PersonSwitching
from classrooms.facts import ClassroomMoving
from groups.facts import GroupRelabelling
from groups.rules import tag_key
from kernel.academic_calendar import CalendarChanging
from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.facts import on_cascade
from policies.enums import WhoKind
from policies.facts import RulesWriting
from policies.queries.charges import asking_for_charges
from policies.queries.rulebook import kept_rulebook, rulebook_now
from policies.rules.quotas import Charge
from policies.rules.scopes import Who
from policies.services.booking_rules import goes_by_calendar, hold_rules, names_person, renew_rules
from policies.services.charges import charging, recharging
from registrations.queries.charged import CHARGED, charges_by_registration, due_charges, earliest_period, wish_in

Charges = Mapping[int, Sequence[Charge]]
"""By registration."""
LOCKED = f"{CHARGED} FOR SHARE OF held"
"""Whoever is giving one of them back at this moment is waited for: what he gives back is not charged."""
AMONG = LOCKED.format(condition="held.id = ANY(%s::bigint[])")
AHEAD = LOCKED.format(
    condition="held.ends_at > %s::timestamptz AND (%s::bigint IS NULL OR registration.group_id = %s::bigint)"
    " AND (%s::bigint IS NULL OR held.classroom_id = %s::bigint)"
)


def connect() -> None:
    """Subscribe; called once at start-up."""
    on_cascade(RulesWriting, charge_by_rules_written)
    on_cascade(GroupRelabelling, charge_by_other_labels)
    on_cascade(ClassroomMoving, charge_by_another_place)
    on_cascade(CalendarChanging, charge_by_another_calendar)
    on_cascade(PersonSwitching, charge_without_rules_of_who_is_gone)


def charge_written(registration_ids: Collection[int]) -> None:
    """Charge live registrations that this transaction has made, under the rules' lock. The caller has made sure that
    this process goes by the rules in force. Nothing without quotas."""
    if registration_ids and kept_rulebook().quotas and (statements := charging(_due_to(registration_ids))):
        send(*statements)


def charge_changed(registration_ids: Collection[int], own: Charges, *, now: datetime) -> None:
    """The same for those that it has changed; `own`: what they were charged before."""
    if registration_ids and kept_rulebook().quotas:
        send(*recharging(registration_ids, _due_to(registration_ids, own, now)))


def charged_to(registration_ids: Collection[int]) -> Charges:
    """What registrations are charged, before a command changes them. Nothing is asked without quotas."""
    if not registration_ids or not kept_rulebook().quotas:
        return {}
    return charges_by_registration(*send(asking_for_charges(registration_ids)))


def _due_to(registration_ids: Collection[int], own: Charges | None = None, now: datetime | None = None) -> list[Charge]:
    """What is due to registrations, made or, at a moment, changed; one statement."""
    rulebook = kept_rulebook()
    (rows,) = send(Statement(AMONG, (array_of(registration_ids),)))
    wishes = [wish_in(row) for row in rows]
    if now is not None:
        wishes = [replace(wish, now=now) for wish in wishes]
    before = own or {}
    return [
        charge for wish in wishes for charge in due_charges(wish, rulebook, before.get(wish.registration_id or 0, ()))
    ]


def charge_by_rules_written(writing: RulesWriting) -> list[str]:
    """What is live in the present and coming periods is charged to the rules that decide now; what was given up too
    late, too."""
    _charge_ahead(writing.occurred_at, anew=writing.rule_ids)
    return []


def charge_by_other_labels(relabelling: GroupRelabelling) -> list[str]:
    """Other rules may decide about the group by its new kind and tags."""
    hold_rules()
    labels = relabelling.kind, frozenset(map(tag_key, relabelling.tags))
    _charge_ahead(relabelling.occurred_at, group_id=relabelling.group_id, labels=labels)
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


def charge_without_rules_of_who_is_gone(switching: PersonSwitching) -> list[str]:
    """Rules for a person bind while he is active. Nobody waits for it, where none names him."""
    if names_person(switching.user_id):
        hold_rules()
        _charge_ahead(switching.occurred_at, has_charges=True)
        renew_rules()
    return []


def charge_without_rules_of_group(group_id: int, *, now: datetime) -> None:
    """What a group that is being archived has had in the present periods is charged as if its own rules were gone. The
    rules are held."""
    _charge_ahead(now, group_id=group_id, is_archived=True)
    renew_rules()


def _charge_ahead(
    now: datetime,
    *,
    anew: Collection[int] = (),
    group_id: int | None = None,
    labels: tuple[str, frozenset[str]] | None = None,
    classroom_id: int | None = None,
    is_archived: bool = False,
    has_charges: bool = False,
) -> None:
    """Charge what is live, as far as it matters to a present or coming period, as the rules that bind now say.

    `anew`: what was charged to these rules before is forgotten. `labels`: kind and tags of the group that it is about;
    if that `is_archived`, as if it had no rules of its own. `has_charges`: there may be some, where no quota is left.
    """
    rulebook = rulebook_now()
    if not (rulebook.quotas or has_charges):
        return
    if is_archived:
        left = tuple(rule for rule in rulebook.rules if rule.who != Who(WhoKind.GROUP, id=group_id))
        rulebook = replace(rulebook, rules=left)
    (rows,) = send(Statement(AHEAD, (earliest_period(rulebook, now), group_id, group_id, classroom_id, classroom_id)))
    ids = [row[0] for row in rows]
    present = charges_by_registration(*send(asking_for_charges(ids)))
    charges, changed = list[Charge](), list[int]()
    for row in rows:
        wish, before = wish_in(row, labels), present.get(row[0], [])
        former = [charge for charge in before if charge.rule_id not in anew]
        due = due_charges(wish, rulebook, former, now=now)
        if sorted(due, key=repr) != sorted(before, key=repr):
            changed.append(row[0])
            charges += due
    if changed:
        send(*recharging(changed, charges))
