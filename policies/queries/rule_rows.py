"""A rule as pages have it, a row of its model, made the value that all others go by."""

from policies.models import BookingRule
from policies.queries.rulebook import NamedRule, named_rules


def named_row(row: BookingRule) -> NamedRule:
    """The rule that a row says. Loaded before: its group, person and room."""
    values = (
        *(row.pk, row.name, row.is_active, row.effect, row.who_kind, row.who_label, row.group_id, row.user_id),
        *(row.user and row.user.username, row.where_kind, row.building, row.floor, row.classroom_id),
        *(row.classroom and row.classroom.name, row.during_from, row.during_until, row.during_period),
        *(row.at_weekdays, row.at_from_minute, row.at_until_minute, row.limit, row.charged_from),
        row.group and row.group.name,
    )
    return named_rules([values])[0]
