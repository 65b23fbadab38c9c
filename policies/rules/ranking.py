"""Which rules decide over a booking, kind by kind, and which ones they outrank (policy §1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.academic_calendar import Term
from policies.enums import LimitType
from policies.rules.limits import Kind, kinds_of
from policies.rules.scopes import Party, Place, PolicyRule, Stay, deciding
from policies.rules.verdicts import TYPE_ORDER


@dataclass(frozen=True)
class Ranking:
    """What is said about one kind: `outranked` from the most specific on."""

    kind: Kind
    deciding: tuple[PolicyRule, ...]
    outranked: tuple[PolicyRule, ...]


def rankings(
    rules: Iterable[PolicyRule], party: Party, place: Place, stay: Stay, terms: Sequence[Term]
) -> list[Ranking]:
    """Of every kind that rules say something about; in the order of the contract's table."""
    applying = [rule for rule in rules if rule.applies(party, place, stay, terms)]
    decide = deciding(applying, party, place, stay, terms)
    ranked = [Ranking(kind, rules_of, _others(kind, applying, rules_of)) for kind, rules_of in decide.of_kind.items()]
    return sorted(ranked, key=lambda each: (TYPE_ORDER[LimitType(each.kind[0])], each.kind))


def _others(kind: Kind, applying: Iterable[PolicyRule], rules_of: Sequence[PolicyRule]) -> tuple[PolicyRule, ...]:
    others = [rule for rule in applying if kind in kinds_of(rule.limit) and rule not in rules_of]
    return tuple(sorted(others, key=lambda rule: (tuple(-part for part in rule.rank), rule.id)))
