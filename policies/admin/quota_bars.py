"""How much of each quota is used, as bars: on the pages of groups and of people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from groups.models import Group
from kernel import clock
from kernel.admin.panels import Panel, register
from kernel.campus_time import format_wall, format_wall_end
from kernel.pictures import shade
from policies.enums import OwnerKind, Unit
from policies.queries.quotas import quotas_of
from policies.rules.scopes import Owner
from policies.rules.sentences import counted, minutes_in_words

QuotaRow = Mapping[str, Any]
"""`sentence`, `unit`, `limit`, `used`, `left` and `from`, `until`: instants, None where the quota is of the future."""
FULL, USED = shade(1.0), shade(0.6)
OWNERS: tuple[tuple[type[Model], OwnerKind], ...] = ((Group, OwnerKind.GROUP), (User, OwnerKind.PERSON))


def show_quotas(read: Callable[[Owner, datetime], Sequence[QuotaRow]]) -> list[tuple[type[Model], Panel]]:
    """Have what `read` finds of an owner at a moment stand on his page; what has been registered for that."""
    panels: list[tuple[type[Model], Panel]] = [(model, partial(_panel, kind, read)) for model, kind in OWNERS]
    for model, panel in panels:
        register(model, panel)
    return panels


def quota_bars(rows: Sequence[QuotaRow]) -> SafeString:
    """Each quota as a sentence, its numbers and a bar, the fullest first; nothing for none."""
    if not rows:
        return mark_safe("")
    fullest_first = sorted(rows, key=lambda row: (-_percent(row), row["sentence"]))
    return render_to_string("admin/policies/quota_bars.html", {"bars": [_bar(row) for row in fullest_first]})


def _panel(kind: OwnerKind, read: Callable[[Owner, datetime], Sequence[QuotaRow]], row: Model) -> SafeString:
    return quota_bars(read(Owner(kind, row.pk), clock.now()))


def _bar(row: QuotaRow) -> dict[str, Any]:
    percent = _percent(row)
    return {
        "sentence": row["sentence"],
        "used": _amount(row["used"], row),
        "limit": _amount(row["limit"], row),
        "left": _amount(row["left"], row),
        "time": _time(row["from"], row["until"]),
        "percent": percent,
        "width": min(percent, 100),
        "colour": FULL if row["left"] == 0 else USED,
    }


def _quotas_now(owner: Owner, at: datetime) -> Sequence[QuotaRow]:
    return quotas_of(owner, at, now=at)


def _percent(row: QuotaRow) -> int:
    """Of a quota of nothing all is used."""
    return round(100 * row["used"] / row["limit"]) if row["limit"] else 100


def _amount(number: int, row: QuotaRow) -> str:
    """ "3 hours", "1 booking"."""
    return minutes_in_words(number) if row.get("unit") == Unit.MINUTES else counted(number, "booking")


def _time(begins: datetime | None, ends: datetime | None) -> str:
    if begins is None or ends is None:
        return "from now on"
    return f"{format_wall(begins)} – {format_wall_end(ends)}"


show_quotas(_quotas_now)
