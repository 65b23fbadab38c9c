"""For whom and where rules are, which are more specific, and what they speak of; pair by pair (policy §1)."""

from tests.policies.naive_time import weekday_of

MOST_SPECIFIC_WHO = ("user", "group", "tag", "group_kind", "individual", "everybody")
MOST_SPECIFIC_WHERE = ("classroom", "floor of a building", "floor", "building", "everywhere")


def tag_of(text):
    return " ".join(text.casefold().split())


def is_for(who, party):
    return {
        "everybody": lambda: True,
        "individual": lambda: party.group_id is None,
        "group_kind": lambda: party.group_id is not None and tag_of(who.label) == tag_of(party.group_kind),
        "tag": lambda: party.group_id is not None and tag_of(who.label) in {tag_of(tag) for tag in party.tags},
        "group": lambda: party.group_id is not None and party.group_id == who.id,
        "user": lambda: party.person_id == who.id,
    }[who.kind.value]()


def is_in(where, place):
    return {
        "everywhere": lambda: True,
        "building": lambda: where.building == place.building,
        "floor": lambda: where.floor == place.floor and (where.building is None or where.building == place.building),
        "classroom": lambda: where.classroom_id == place.classroom_id,
    }[where.kind.value]()


def touches(at, stay):
    return weekday_of(stay.day) in at.weekdays and any(
        at.from_minute <= minute < at.until_minute for minute in range(stay.start_minute, stay.end_minute)
    )


def where_word(where):
    return "floor of a building" if where.kind == "floor" and where.building is not None else where.kind.value


def is_more_specific(one, other):
    """By who, then by where, then a rule of some time over one of any."""
    mine, theirs = (MOST_SPECIFIC_WHO.index(rule.who.kind.value) for rule in (one, other))
    if mine != theirs:
        return mine < theirs
    mine, theirs = (MOST_SPECIFIC_WHERE.index(where_word(rule.where)) for rule in (one, other))
    if mine != theirs:
        return mine < theirs
    mine, theirs = (rule.during is not None or rule.at is not None for rule in (one, other))
    return mine and not theirs


def is_same_scope(one, other):
    """Of one who and where, however its tag is spelled."""
    mine, theirs = ((rule.who.kind, tag_of(rule.who.label), rule.who.id, rule.where) for rule in (one, other))
    return mine == theirs


def lifts(limit):
    """It says `none`, or is about series and has no bound, which allows any."""
    is_none = hasattr(limit, "bounds") and hasattr(limit, "quota")
    return is_none or (limit.type == "series" and limit.max_weeks is None and limit.max_per_week is None)


def quota_kind(limit):
    if lifts(limit):
        return limit.quota
    per = f"days {limit.days}" if limit.per == "days" else limit.per.value
    return ("quota", limit.unit.value, per, "" if limit.per == "future" else limit.counts.value, limit.of.value)


def speaks_of(limit, kind):
    if limit.type != kind[0]:
        return False
    if kind[0] == "quota":
        return quota_kind(limit) == kind
    if len(kind) == 1:
        return True
    if hasattr(limit, "quota"):
        return not limit.bounds or kind[1] in limit.bounds
    return lifts(limit) or getattr(limit, kind[1]) is not None
