"""How much of each quota is used, as bars: on the pages of groups and of people."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from groups.models import Group
from kernel import clock
from kernel.admin.panels import register
from kernel.campus_time import format_wall, format_wall_end
from kernel.pictures import shade
from policies.enums import OwnerKind, QuotaUnit
from policies.queries.quotas import QuotaRow, quotas_of
from policies.rules.scopes import Owner
from policies.rules.sentences import counted

FULL, USED = shade(1.0), shade(0.6)
OWNERS: tuple[tuple[type[Model], OwnerKind], ...] = ((Group, OwnerKind.GROUP), (User, OwnerKind.PERSON))


def quotas_panel(kind: OwnerKind, row: Model) -> SafeString:
    """The bars of an owner, by his row, in the periods of now."""
    now = clock.now()
    return quota_bars(quotas_of(Owner(kind, row.pk), now, now=now))


def quota_bars(rows: Sequence[QuotaRow]) -> SafeString:
    """Each quota as a sentence, its numbers and a bar, the fullest first; nothing for none."""
    if not rows:
        return mark_safe("")
    fullest_first = sorted(rows, key=lambda row: (-_percent(row), row["sentence"]))
    return render_to_string("admin/policies/quota_bars.html", {"bars": [_bar(row) for row in fullest_first]})


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


def _percent(row: QuotaRow) -> int:
    """Of a quota of nothing all is used."""
    return round(100 * row["used"] / row["limit"]) if row["limit"] else 100


def _amount(number: int, row: QuotaRow) -> str:
    """ "3 hours", "90 minutes", "1 booking"; hours as the sentences of quotas have them, "48 hours"."""
    if row["unit"] == QuotaUnit.BOOKINGS:
        return counted(number, "booking")
    return counted(number // 60, "hour") if number % 60 == 0 else counted(number, "minute")


def _time(begins: datetime | None, ends: datetime | None) -> str:
    if begins is None or ends is None:
        return "from now on"
    return f"{format_wall(begins)} – {format_wall_end(ends)}"


for owner_model, owner_kind in OWNERS:
    register(owner_model, partial(quotas_panel, owner_kind))
