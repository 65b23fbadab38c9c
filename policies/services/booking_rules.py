"""Writing booking rules. They hold from the commit on: nothing is booked under the old ones once it is acknowledged."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.db.models import Q

from accounts.models import User
from accounts.rules import check_cspace
from classrooms.rules import FLOORS
from groups.rules import tag_key
from kernel.changes import changes_between
from kernel.db.batch import send
from kernel.db.constraints import naming
from kernel.db.locks import Namespace, lock_namespace
from kernel.db.renewing import renew
from kernel.db.transactions import allow_long_work, transactional
from kernel.errors import AlreadyExists, Faults, Invalid, LimitReached, NotFound
from kernel.facts import cascade, publish
from policies.enums import Effect, Per
from policies.facts import BookingRuleChanged, BookingRuleCreated, BookingRuleDeleted, RulesWriting
from policies.models import BookingRule
from policies.queries.rulebook import RULES_VERSION, NamedRule, asking_for_rule, go_by, named_rules, terms_now
from policies.queries.scope_ids import scope_ids
from policies.rules.limits import Limit, Quota
from policies.rules.quotas import period_began
from policies.rules.reading import (
    MAX_NAME,
    RuleReading,
    WhereNamed,
    WhoNamed,
    effect_faults,
    read_at,
    read_during,
    read_where,
    read_who,
)
from policies.rules.reading_limits import read_limit
from policies.rules.scopes import At, During
from policies.rules.shown import at_json, during_json, limit_json, where_json, who_json
from policies.services.charges import forgetting

MAX_RULES = 500
"""Each is looked at by every booking."""
SHOWN_ONLY = frozenset({"id", "sentence"})
"""What answers show and a request may repeat: it is passed over."""
WRITING_SECONDS = 60
"""How long what is booked may take to be charged to a new quota."""


class BookingRuleNotFound(NotFound):
    resource = "Booking rule"


class RuleExists(AlreadyExists):
    message = "There is a rule that says the same"


class TooManyRules(LimitReached):
    message = f"There are {MAX_RULES} booking rules already"


@dataclass(frozen=True, kw_only=True)
class RuleWish:
    """A rule that somebody wants, as it was read."""

    name: str
    is_active: bool
    effect: Effect
    who: WhoNamed
    where: WhereNamed
    during: During | None
    at: At | None
    limit: Limit

    @property
    def json(self) -> dict[str, Any]:
        """All but the name, as it is shown."""
        return {
            "is_active": self.is_active,
            "effect": self.effect.value,
            "who": who_json(self.who),
            "where": where_json(self.where),
            "during": during_json(self.during),
            "at": at_json(self.at),
            "limit": limit_json(self.limit),
        }


def read_rule(body: Mapping[str, Any]) -> RuleWish:
    """A rule as JSON says it, or as an answer shows it; everything that is wrong with it at once. Raises: Invalid."""
    faults: dict[str, list[str]] = {}
    whole = RuleReading(body, "", faults, read=set(SHOWN_ONLY))
    name = whole.text("name", MAX_NAME, required=True)
    is_active = whole.boolean("is_active")
    effect = whole.choice("effect", Effect, required=False) or Effect.REFUSE
    who, where = read_who(whole.inside("who")), read_where(whole.inside("where"), FLOORS)
    during = read_during(whole.inside("during")) if whole.has("during") else None
    at = read_at(whole.inside("at")) if whole.has("at") else None
    limit = read_limit(whole.inside("limit"))
    whole.finish()
    if limit is not None and (sentences := effect_faults(effect, limit.type)):
        faults["effect"] = sentences
    if faults or name is None or who is None or where is None or limit is None:
        raise Invalid(faults)
    return RuleWish(
        name=name,
        is_active=True if is_active is None else is_active,
        effect=effect,
        who=who,
        where=where,
        during=during,
        at=at,
        limit=limit,
    )


def unknown_faults(body: Mapping[str, Any]) -> Faults:
    """What a rule names and there is none of, whatever else is wrong with it: for a body that is refused anyway."""
    whole = RuleReading(body, "", {})
    return scope_ids(read_who(whole.inside("who")), read_where(whole.inside("where"), FLOORS)).faults


@transactional
def create_rule(*, by: User, now: datetime, wish: RuleWish) -> NamedRule:
    """A new rule. Publishes `BookingRuleCreated`.

    Raises: PermissionDenied, Invalid (whom or where it names there is none of), RuleExists, TooManyRules.
    """
    check_cspace(by.access)
    hold_rules()
    if BookingRule.objects.count() >= MAX_RULES:
        raise TooManyRules
    rule = BookingRule()
    _apply(wish, rule, now)
    with naming({"bookingrule_no_two_alike": RuleExists()}):
        rule.save(force_insert=True)
    after = named_rule(rule.pk)
    announce_rules(actor_id=by.pk, now=now, rule_id=rule.pk)
    sentence = after.rule.sentence
    publish(BookingRuleCreated(actor_id=by.pk, occurred_at=now, rule_id=rule.pk, name=rule.name, sentence=sentence))
    return after


@transactional
def change_rule(*, rule_id: int, by: User, now: datetime, wish: RuleWish) -> NamedRule:
    """A rule that says something else from now on. Publishes `BookingRuleChanged`, nothing for a no-op.

    Raises: PermissionDenied, BookingRuleNotFound, Invalid, RuleExists.
    """
    check_cspace(by.access)
    hold_rules()
    return _change(named_rule(rule_id), by, now, wish)


@transactional
def amend_rule(*, rule_id: int, by: User, now: datetime, body: Mapping[str, Any]) -> NamedRule:
    """The same in JSON, where what is not said stays as it is. Raises: as `read_rule` and `change_rule`."""
    check_cspace(by.access)
    hold_rules()
    before = named_rule(rule_id)
    return _change(before, by, now, read_rule({**shown_rule(before), **body}))


def _change(before: NamedRule, by: User, now: datetime, wish: RuleWish) -> NamedRule:
    """The rules are held. Raises: Invalid, RuleExists."""
    changes = changes_between(shown_rule(before), {"name": wish.name, **wish.json})
    if not changes:
        return before
    rule = _rule(before.rule.id)
    _apply(wish, rule, now, before)
    with naming({"bookingrule_no_two_alike": RuleExists()}):
        rule.save()
    after = named_rule(rule.pk)
    if _charges(before) and not _charges(after):
        send(*forgetting(rule.pk))
    if set(changes) - {"name"}:
        announce_rules(actor_id=by.pk, now=now, rule_id=rule.pk)
    publish(
        BookingRuleChanged(
            actor_id=by.pk,
            occurred_at=now,
            rule_id=rule.pk,
            name=rule.name,
            sentence=after.rule.sentence,
            changes=changes,
        )
    )
    return after


def _charges(row: NamedRule) -> bool:
    """Whether bookings are charged to it."""
    return row.is_active and isinstance(row.rule.limit, Quota)


@transactional
def delete_rule(*, rule_id: int, by: User, now: datetime) -> None:
    """Take a rule away, with what was charged to it. Publishes `BookingRuleDeleted`.

    Raises: PermissionDenied, BookingRuleNotFound.
    """
    check_cspace(by.access)
    hold_rules()
    rule, before = _rule(rule_id), named_rule(rule_id)
    if _charges(before):
        send(*forgetting(rule_id))
    rule.delete()
    announce_rules(actor_id=by.pk, now=now, rule_id=rule_id)
    sentence = before.rule.sentence
    publish(BookingRuleDeleted(actor_id=by.pk, occurred_at=now, rule_id=rule_id, name=before.name, sentence=sentence))


def hold_rules() -> None:
    """Nobody books until this transaction ends. Taken after groups and before rooms (lock order)."""
    allow_long_work(statement_seconds=WRITING_SECONDS, wait_seconds=WRITING_SECONDS)
    lock_namespace(Namespace.BOOKING_RULES)


def announce_rules(*, actor_id: int | None, now: datetime, rule_id: int) -> None:
    """From the commit on others go by what was written; what is booked is charged by it. The rules are held."""
    cascade(RulesWriting(actor_id=actor_id, occurred_at=now, rule_ids=(rule_id,)))
    renew_rules()


def renew_rules() -> None:
    """From the commit on everybody reads the rules, and what they go by, again; this process when it next asks."""
    renew(RULES_VERSION)
    go_by(None)


def goes_by_calendar() -> bool:
    """Whether there is a rule for a part of the academic year, or a quota for a term."""
    return BookingRule.objects.filter(~Q(during_period="") | Q(limit__per=Per.TERM)).exists()


def names_group(group_id: int) -> bool:
    """Whether there is a rule, in force or not, for a group by name."""
    return BookingRule.objects.filter(group=group_id).exists()


def names_person(user_id: int) -> bool:
    """The same for a person."""
    return BookingRule.objects.filter(user=user_id).exists()


def named_rule(rule_id: int) -> NamedRule:
    """One rule as it stands. Raises: BookingRuleNotFound."""
    for rule in named_rules(*send(asking_for_rule(rule_id))):
        return rule
    raise BookingRuleNotFound


def shown_rule(rule_as_named: NamedRule) -> dict[str, Any]:
    """A rule as answers show it, without its id and sentence."""
    rule = rule_as_named.rule
    return {
        "name": rule_as_named.name,
        "is_active": rule_as_named.is_active,
        "effect": rule.effect.value,
        "who": who_json(rule_as_named.who),
        "where": where_json(rule_as_named.where),
        "during": during_json(rule.during),
        "at": at_json(rule.at),
        "limit": limit_json(rule.limit),
    }


def _rule(rule_id: int) -> BookingRule:
    rule = BookingRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise BookingRuleNotFound
    return rule


def _apply(wish: RuleWish, rule: BookingRule, now: datetime, before: NamedRule | None = None) -> None:
    """Raises: Invalid (whom or where it names there is none of, unless it has named them `before`)."""
    during, at = wish.during or During(), wish.at or At()
    if before is None or (before.who, before.where) != (wish.who, wish.where):
        ids = scope_ids(wish.who, wish.where)
        if ids.faults:
            raise Invalid(ids.faults)
        rule.group_id, rule.user_id, rule.classroom_id = ids.group_id, ids.user_id, ids.classroom_id
    rule.name, rule.is_active, rule.effect = wish.name, wish.is_active, wish.effect
    rule.who_kind, rule.who_label = wish.who.kind, wish.who.label
    rule.where_kind, rule.building, rule.floor = wish.where.kind, wish.where.building, wish.where.floor
    rule.during_from, rule.during_until = during.first, during.last
    rule.during_period = during.period.value if during.period else ""
    rule.at_weekdays = None if wish.at is None else list(at.weekdays)
    rule.at_from_minute, rule.at_until_minute = at.from_minute, at.until_minute
    rule.limit_type, rule.limit = wish.limit.type.value, limit_json(wish.limit)
    rule.likeness = hashlib.sha256(orjson.dumps(_alike(wish), option=orjson.OPT_SORT_KEYS)).hexdigest()
    rule.charged_from = period_began(wish.limit, now, terms_now()) if isinstance(wish.limit, Quota) else None


def _alike(wish: RuleWish) -> dict[str, Any]:
    """What two rules that are alike have in common: all but the name, and how a tag is spelled."""
    return {**wish.json, "who": who_json(replace(wish.who, label=tag_key(wish.who.label)))}
