"""What registrations have been charged to quotas."""

from collections.abc import Iterable

from kernel.db.arrays import array_of
from kernel.db.batch import Statement
from kernel.db.pipeline import ResultRow
from policies.enums import OwnerKind
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner

CHARGES_OF = (
    "SELECT rule_id, owner_kind, owner_id, registration_id, counts_at, amount FROM policies_quotacharge"
    " WHERE registration_id = ANY(%s::bigint[]) ORDER BY counts_at, id"
)


def asking_for_charges(registration_ids: Iterable[int]) -> Statement:
    """The question for `charges_in`: what registrations have been charged."""
    return Statement(CHARGES_OF, (array_of(registration_ids),))


def charges_in(rows: Iterable[ResultRow]) -> list[Charge]:
    return [
        Charge(rule_id, Owner(OwnerKind(kind), owner_id), registration_id, counts_at, amount)
        for rule_id, kind, owner_id, registration_id, counts_at, amount in rows
    ]
