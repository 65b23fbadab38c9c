"""The parts of a rule as JSON, as requests write them and answers show them (policy §1)."""

from typing import Any

from kernel.campus_time import MINUTES_PER_DAY, format_minute
from policies.enums import LimitType, Per
from policies.rules.limits import (
    Anchor,
    Cancelling,
    Grid,
    Individual,
    Lifted,
    Limit,
    NoticePeriod,
    OpeningHours,
    Quota,
)
from policies.rules.reading import WhereNamed, WhoNamed
from policies.rules.reading_limits import WEEKDAYS
from policies.rules.scopes import EVERY_DAY, At, During


def who_json(who: WhoNamed) -> dict[str, Any]:
    parts = {
        "group_kind": who.label if who.kind == "group_kind" else None,
        "tag": who.label if who.kind == "tag" else None,
        "group_id": who.group_id,
        "username": who.username,
    }
    return {"kind": who.kind.value} | _without_nulls(parts)


def where_json(where: WhereNamed) -> dict[str, Any]:
    parts = {"building": where.building, "floor": where.floor, "classroom": where.classroom}
    return {"kind": where.kind.value} | _without_nulls(parts)


def during_json(during: During | None) -> dict[str, Any] | None:
    if during is None:
        return None
    return _without_nulls(
        {
            "from": during.first and during.first.isoformat(),
            "until": during.last and during.last.isoformat(),
            "period": during.period and during.period.value,
        }
    )


def at_json(at: At | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return _without_nulls(
        {
            "weekdays": None if at.weekdays == EVERY_DAY else list(at.weekdays),
            "from": format_minute(at.from_minute) if at.from_minute else None,
            "until": format_minute(at.until_minute) if at.until_minute < MINUTES_PER_DAY else None,
        }
    ) or {"weekdays": list(EVERY_DAY)}


def limit_json(limit: Limit) -> dict[str, Any]:
    """A limit as `read_limit` reads it."""
    return {"type": limit.type.value} | _without_nulls(_bounds_of(limit))


def _bounds_of(limit: Limit) -> dict[str, Any]:
    match limit:
        case Lifted():
            return _lifted(limit)
        case Individual():
            return {"allowed": limit.allowed}
        case OpeningHours():
            return {"weekdays": list(limit.weekdays), **_span(limit.from_minute, limit.until_minute)}
        case NoticePeriod():
            opens_at = None if limit.opens_at is None else format_minute(limit.opens_at)
            return {"min_minutes": limit.min_minutes, "max_days": limit.max_days, "opens_at": opens_at}
        case Cancelling():
            return {"min_minutes": limit.min_minutes, "then": limit.then.value}
        case Grid() if limit.periods:
            return {
                "periods": [{**_span(each.from_minute, each.until_minute), "name": each.name} for each in limit.periods]
            }
        case Grid():
            return {"minutes": limit.minutes, "offset": limit.offset or None}
        case Quota():
            return _quota(limit)
        case _:
            return dict(vars(limit))


def _quota(quota: Quota) -> dict[str, Any]:
    return {
        quota.unit.value: quota.amount,
        "per": {"days": quota.days} if quota.per == Per.DAYS else quota.per.value,
        "anchor": quota.anchor and anchor_text(quota.anchor),
        "counts": quota.counts.value,
        "of": quota.of.value,
    }


def _lifted(lifted: Lifted) -> dict[str, Any]:
    if lifted.type != LimitType.QUOTA:
        return {"none": list(lifted.bounds) or True}
    _, unit, per, counts, of = lifted.quota
    words = per.split()
    per_json = {"days": int(words[1])} if words[0] == Per.DAYS else per
    return {"none": True, "unit": unit, "per": per_json, "counts": counts or None, "of": of}


def anchor_text(anchor: Anchor) -> str:
    """ "MON 03:00"."""
    return f"{WEEKDAYS[anchor.weekday - 1]} {format_minute(anchor.minute)}"


def _span(begins: int, ends: int) -> dict[str, str]:
    return {"from": format_minute(begins), "until": format_minute(ends)}


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {name: value for name, value in values.items() if value is not None}
