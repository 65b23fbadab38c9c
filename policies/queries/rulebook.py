"""The rules in force, as each process keeps them: what a booking goes by, its own statements say which they must be.

Nothing is asked before a booking: it is written only if the version is still the one it went by (`AS_KEPT`), under the
lock that whoever writes rules takes for himself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any
from uuid import UUID

from kernel.academic_calendar import Term, terms_in, terms_statement
from kernel.db.batch import Statement, ask, send
from kernel.db.pipeline import ResultRows
from policies.enums import Effect, LimitType, Period, WhereKind, WhoKind
from policies.rules.limits import Concurrent, Gap, Quota, StandingLimit
from policies.rules.reading import RuleReading, WhereNamed, WhoNamed
from policies.rules.reading_limits import read_limit
from policies.rules.scopes import EVERY_DAY, At, During, PolicyRule, Where, Who
from policies.rules.sentences import sentence_of
from policies.rules.verdicts import TYPE_ORDER

RULES_VERSION = "booking_rules"
"""What the version of the rules, and of what they go by, is kept under (`kernel.db.versions`)."""
VERSION = f"(SELECT stamp FROM cspace_version WHERE key = '{RULES_VERSION}')"  # noqa: S608  # a constant of ours
ASKING_FOR_VERSION = Statement(f"SELECT {VERSION}")
AS_KEPT = f"{VERSION} IS NOT DISTINCT FROM %s::uuid"
"""SQL: whether the rules are those of a version."""
RULES = """
SELECT rule.id, rule.name, rule.is_active, rule.effect, rule.who_kind, rule.who_label, rule.group_id, rule.user_id,
       person.username, rule.where_kind, rule.building, rule.floor, rule.classroom_id, room.name, rule.during_from,
       rule.during_until, rule.during_period, rule.at_weekdays, rule.at_from_minute, rule.at_until_minute, rule.limit,
       rule.charged_from, team.name
  FROM policies_bookingrule AS rule
  LEFT JOIN groups_group AS team ON team.id = rule.group_id
  LEFT JOIN accounts_user AS person ON person.id = rule.user_id
  LEFT JOIN classrooms_classroom AS room ON room.id = rule.classroom_id
"""
BINDING = " WHERE rule.is_active AND team.archived_at IS NULL AND person.is_active IS NOT false ORDER BY rule.id"
"""A rule of an archived group or a deactivated person no longer applies."""


@dataclass(frozen=True)
class NamedRule:
    """A rule with the names that answers show."""

    rule: PolicyRule
    name: str
    is_active: bool
    who: WhoNamed
    where: WhereNamed


@dataclass(frozen=True)
class Rulebook:
    """The rules that bind, the academic year they go by, and their version (None: no rule was ever written)."""

    version: UUID | None = None
    rules: tuple[PolicyRule, ...] = ()
    terms: tuple[Term, ...] = ()

    @cached_property
    def quotas(self) -> tuple[PolicyRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule.limit, Quota))

    @cached_property
    def gap_minutes(self) -> int | None:
        """How far around a booking its owner's others matter; None: not at all."""
        gaps = [rule.limit.minutes for rule in self.rules if isinstance(rule.limit, Gap)]
        counts = any(isinstance(rule.limit, Concurrent) for rule in self.rules)
        return max(gaps, default=0) if gaps or counts else None

    @cached_property
    def mark_days(self) -> int | None:
        """How far back marks matter; None: not at all."""
        return max(
            (
                rule.limit.within_days + rule.limit.effect_days
                for rule in self.rules
                if isinstance(rule.limit, StandingLimit)
            ),
            default=None,
        )

    @cached_property
    def limits_series(self) -> bool:
        """Whether a rule says anything about weekly series as such."""
        return any(rule.limit.type == LimitType.SERIES for rule in self.rules)

    @property
    def counts_for_owners(self) -> bool:
        """Whether what somebody has already says what he may have: then his bookings take turns."""
        return bool(self.quotas) or self.gap_minutes is not None or self.mark_days is not None


NO_RULES = Rulebook()
_present: Rulebook | None = None
_renewing = Lock()
"""What is read later is kept later: else a thread that is slow would put old rules over new ones."""


def kept_rulebook() -> Rulebook:
    """What this process goes by; perhaps not the rules in force any more. It reads them where it goes by none yet."""
    book = _present  # once: another thread may forget it
    return renew_rulebook() if book is None else book


def renew_rulebook() -> Rulebook:
    """The rules in force, which this process goes by from now on. One round trip."""
    with _renewing:
        rulebook = rulebook_now()
        go_by(rulebook)
        return rulebook


def go_by(rulebook: Rulebook | None) -> None:
    """Have this process go by rules; None: it reads them when it next asks, like one that has just started."""
    global _present
    _present = rulebook


def is_kept(version: UUID | None, rulebook: Rulebook | None = None) -> bool:
    """Whether a rulebook, or what this process goes by, is of a version; if not, it has read the rules in force now.

    Whoever has gone by a rulebook before names it: another thread may have read newer rules meanwhile.
    """
    book = _present if rulebook is None else rulebook
    if book is not None and version == book.version:
        return True
    renew_rulebook()
    return False


def rulebook_in_force() -> Rulebook:
    """The rules that bind at this moment: for questions, which no lock protects. One round trip, or two; that of
    `ASKING_FOR_VERSION` may have been asked ahead."""
    is_kept(ask(ASKING_FOR_VERSION)[0][0])
    return kept_rulebook()


def rulebook_version() -> UUID | None:
    """The version of the rules in force."""
    version: UUID | None = send(ASKING_FOR_VERSION)[0][0][0]
    return version


def rulebook_now() -> Rulebook:
    """The rules as this transaction sees them."""
    ((version,),), rules, terms = send(ASKING_FOR_VERSION, Statement(RULES + BINDING), terms_statement())
    return Rulebook(version, tuple(each.rule for each in named_rules(rules)), terms_in(terms))


def terms_now() -> tuple[Term, ...]:
    """The academic year as this transaction sees it."""
    return terms_in(*send(terms_statement()))


def asking_for_rules(*, only_active: bool = True) -> Statement:
    """The question for `named_rules`: those that bind, or all."""
    return Statement(RULES + (BINDING if only_active else " ORDER BY rule.id"))


def asking_for_rule(rule_id: int) -> Statement:
    """The same for one of them."""
    return Statement(f"{RULES} WHERE rule.id = %s", (rule_id,))


def named_rules(rows: ResultRows) -> list[NamedRule]:
    """The rules, in the order of their types, then by id."""
    return sorted(map(_rule_in, rows), key=lambda each: (TYPE_ORDER[each.rule.limit.type], each.rule.id))


def _rule_in(row: Sequence[Any]) -> NamedRule:
    rule_id, name, is_active, effect = row[:4]
    who_kind, who_label, group_id, user_id, username = row[4:9]
    where_kind, building, floor, classroom_id, classroom = row[9:14]
    first, last, period, weekdays, begins, ends, limit_json, charged_from, group_name = row[14:]
    limit = read_limit(RuleReading(limit_json, "limit", {}))
    if limit is None:
        raise ValueError(f"The limit of booking rule {rule_id} cannot be read")
    who = WhoNamed(WhoKind(who_kind), who_label, group_id, username)
    where = WhereNamed(WhereKind(where_kind), building, floor, classroom)
    has_dates = first is not None or last is not None or bool(period)
    during = During(first, last, Period(period) if period else None) if has_dates else None
    at = None if weekdays is None else At(tuple(weekdays) or EVERY_DAY, begins, ends)
    said_who = WhoNamed(who.kind, group_name or who.label, group_id, username)
    rule = PolicyRule(
        id=rule_id,
        limit=limit,
        who=Who(who.kind, who_label, group_id if group_id is not None else user_id),
        where=Where(where.kind, building, floor, classroom_id),
        during=during,
        at=at,
        effect=Effect(effect),
        sentence=sentence_of(limit, said_who, where, during, at, Effect(effect)),
        charged_from=charged_from,
    )
    return NamedRule(rule, name, is_active, who, where)
