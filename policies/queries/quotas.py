"""How much of each quota a group or a person has used at a moment (policy §3)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kernel.db.arrays import array_of
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRow
from policies.enums import LimitType, OwnerKind, Per
from policies.queries.rulebook import Rulebook, rulebook_in_force
from policies.rules.limits import Individual, Lifted, kinds_of
from policies.rules.quotas import QuotaWindow, windows_at
from policies.rules.scopes import WHO_RANKS, Owner, Party, PolicyRule
from policies.rules.shown import limit_json

GROUPS = """
SELECT team.id, team.kind, team.tag_keys
  FROM groups_group AS team
 WHERE team.archived_at IS NULL
   AND (%s = 'group' AND team.id = %s
        OR %s = 'person' AND team.id IN (SELECT group_id FROM groups_usergroup WHERE user_id = %s))
"""
"""The group, or those of the person."""
USED = """
SELECT asked.place, coalesce(sum(charge.amount), 0)
  FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
       WITH ORDINALITY AS asked (rule_id, starts_at, ends_at, place)
  LEFT JOIN policies_quotacharge AS charge
         ON charge.rule_id = asked.rule_id AND charge.owner_kind = %s AND charge.owner_id = %s
        AND charge.counts_at >= asked.starts_at AND charge.counts_at < asked.ends_at
 GROUP BY asked.place ORDER BY asked.place
"""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
QuotaRow = dict[str, Any]
"""`rule_id`, `sentence`, `per`, `unit`, `limit`, `used`, `left`, and the instants `from` and `until`, None under
`future`."""


def quotas_of(owner: Owner, at: datetime, *, now: datetime) -> list[QuotaRow]:
    """The quotas that can limit an owner, in the period to which a moment belongs; of those that hold for every so many
    days, in the fullest. Three round trips at most."""
    rulebook = rulebook_in_force()
    if not rulebook.quotas:
        return []
    kind = owner.kind.value
    (groups,) = send(Statement(GROUPS, (kind, owner.id, kind, owner.id)))
    rules = _limiting(rulebook, owner, _parties(owner, groups))
    places = [(rule, window) for rule in rules for window in windows_at(rule.quota, at, rulebook.terms, now=now)]
    fullest: dict[int, tuple[int, PolicyRule, QuotaWindow]] = {}
    for (rule, window), (_, used) in zip(places, _used(owner, places), strict=True):
        if rule.id not in fullest or used > fullest[rule.id][0]:
            fullest[rule.id] = (int(used), rule, window)
    return [_row(rule, used, window) for used, rule, window in fullest.values()]


def _parties(owner: Owner, groups: Sequence[ResultRow]) -> list[Party]:
    """For whom the owner may book: the group, or the person for himself and for each of his groups."""
    person_id = owner.id if owner.kind == OwnerKind.PERSON else 0
    of_groups = [Party(person_id, pk, kind, frozenset(tags)) for pk, kind, tags in groups]
    return [Party(owner.id), *of_groups] if owner.kind == OwnerKind.PERSON else of_groups


def _limiting(rulebook: Rulebook, owner: Owner, parties: Sequence[Party]) -> list[PolicyRule]:
    """The quotas that count what the owner has for any of these, without those that another rule for the same one
    outranks wherever they hold, be it a quota or one that lifts it."""
    limiting = dict[int, PolicyRule]()
    for party in parties:
        counting = [rule for rule in rulebook.quotas if _counts(rule, owner, party, rulebook)]
        others = [*counting, *(rule for rule in rulebook.rules if _lifts_quota(rule) and rule.who.includes(party))]
        limiting |= {rule.id: rule for rule in counting if not any(_outranks(other, rule) for other in others)}
    return [limiting[rule_id] for rule_id in sorted(limiting)]


def _lifts_quota(rule: PolicyRule) -> bool:
    return isinstance(rule.limit, Lifted) and rule.limit.type == LimitType.QUOTA


def _counts(rule: PolicyRule, owner: Owner, party: Party, rulebook: Rulebook) -> bool:
    if not rule.who.includes(party):
        return False
    if rule.quota.of == owner.kind:
        return True
    is_his_own = owner.kind == OwnerKind.PERSON and party.group_id is None
    return is_his_own and _has_individual_bookings(rulebook)


def _has_individual_bookings(rulebook: Rulebook) -> bool:
    """Whether people can have bookings of their own at all: they count as a group's would."""
    individual = [rule.limit for rule in rulebook.rules if rule.limit.type == LimitType.INDIVIDUAL]
    return any(isinstance(limit, Individual) and limit.allowed for limit in individual)


def _outranks(other: PolicyRule, rule: PolicyRule) -> bool:
    is_of_one_scope = (other.where, other.during, other.at) == (rule.where, rule.during, rule.at)
    is_narrower = WHO_RANKS[other.who.kind] > WHO_RANKS[rule.who.kind]
    return is_of_one_scope and is_narrower and kinds_of(other.limit) == kinds_of(rule.limit)


def _used(owner: Owner, places: Sequence[tuple[PolicyRule, QuotaWindow]]) -> list[ResultRow]:
    starts = array_of(window.starts_at or EARLIEST for _, window in places)
    ends = array_of(window.ends_at or LATEST for _, window in places)
    ids = array_of(rule.id for rule, _ in places)
    return list(send(Statement(USED, (ids, starts, ends, owner.kind.value, owner.id)))[0])


def _row(rule: PolicyRule, used: int, window: QuotaWindow) -> QuotaRow:
    quota, is_of_the_future = rule.quota, rule.quota.per == Per.FUTURE
    return {
        "rule_id": rule.id,
        "sentence": rule.sentence,
        "per": limit_json(quota)["per"],
        "unit": quota.unit.value,
        "limit": quota.amount,
        "used": used,
        "left": max(quota.amount - used, 0),
        "from": None if is_of_the_future else window.starts_at,
        "until": None if is_of_the_future else window.ends_at,
    }
