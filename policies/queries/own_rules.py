"""The booking rules that can apply to somebody: to him, or to a group he is in."""

from accounts.rules import Access
from kernel.db.batch import Statement, send
from policies.queries.rulebook import NamedRule, asking_for_rules, named_rules
from policies.rules.scopes import Party

LABELS = "SELECT id, kind, tag_keys FROM groups_group WHERE archived_at IS NULL AND id = ANY(%s)"


def rules_for(access: Access) -> list[NamedRule]:
    """Those in force whose "who" includes him, alone or for one of his groups."""
    groups, rows = send(Statement(LABELS, (sorted(access.group_ids),)), asking_for_rules())
    parties = [
        Party(access.user_id),
        *(Party(access.user_id, group_id, kind, frozenset(tags)) for group_id, kind, tags in groups),
    ]
    return [row for row in named_rules(rows) if any(map(row.rule.who.includes, parties))]


def all_rules() -> list[NamedRule]:
    """Every rule, in force or not."""
    return named_rules(*send(asking_for_rules(only_active=False)))
