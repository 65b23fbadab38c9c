"""How what bookings use of quotas gets into its table. A trigger takes it out when a booking gives its room back."""

from collections.abc import Iterable, Sequence

from kernel.db.arrays import Word, array_of
from kernel.db.batch import Statement
from policies.rules.quotas import Charge

CHARGE = (
    "INSERT INTO policies_quotacharge (registration_id, rule_id, owner_kind, owner_id, counts_at, amount)"
    " SELECT {registration_id}, due.* FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::int[])"
    " AS due (rule_id, owner_kind, owner_id, counts_at, amount)"
)
"""SQL, of `charge_columns`: what one booking is charged."""
CHARGE_MANY = (
    "INSERT INTO policies_quotacharge (registration_id, rule_id, owner_kind, owner_id, counts_at, amount)"
    " SELECT * FROM unnest("
    "%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::int[])"
)
HOLD_CHARGED = (
    "SELECT id FROM classrooms_occupancy WHERE id IN"
    " (SELECT registration_id FROM policies_quotacharge WHERE rule_id = %s) ORDER BY id FOR SHARE"
)
FORGET = "DELETE FROM policies_quotacharge WHERE rule_id = %s"
GIVE_BACK = "DELETE FROM policies_quotacharge WHERE registration_id = ANY(%s::bigint[])"


def charge_columns(charges: Sequence[Charge]) -> list[str]:
    """Rules, kinds and ids of owners, moments and amounts: five arrays for `CHARGE`."""
    return [
        array_of(each.rule_id for each in charges),
        array_of(Word(each.owner.kind.value) for each in charges),
        array_of(each.owner.id for each in charges),
        array_of(each.counts_at for each in charges),
        array_of(each.amount for each in charges),
    ]


def charging(charges: Sequence[Charge]) -> list[Statement]:
    """What charges bookings, for a batch; nothing for nothing."""
    if not charges:
        return []
    ids = array_of(each.registration_id for each in charges)
    return [Statement(CHARGE_MANY, (ids, *charge_columns(charges)))]


def recharging(registration_ids: Iterable[int], charges: Sequence[Charge]) -> list[Statement]:
    """The same for bookings that have been charged before: these are all their charges from now on."""
    return [Statement(GIVE_BACK, (array_of(registration_ids),)), *charging(charges)]


def forgetting(rule_id: int) -> list[Statement]:
    """What takes out all that was ever charged to a rule. Who is giving back a booking at this moment is waited for: he
    holds its room time, and takes out its charges next."""
    return [Statement(HOLD_CHARGED, (rule_id,)), Statement(FORGET, (rule_id,))]
