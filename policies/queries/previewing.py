"""What a rule would do: whom it touches, and which live bookings of the next four weeks it would refuse.

Rules do not know registrations: the app that has them says at start-up how they are read.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groups.rules import tag_key
from kernel.db.batch import Statement, send
from kernel.db.pipeline import ResultRows
from policies.enums import OwnerKind, WhereKind, WhoKind
from policies.queries.rulebook import rulebook_now
from policies.rules.checks import Broken
from policies.rules.limits import StandingLimit
from policies.rules.previewing import LiveBooking, broken_by_bookings
from policies.rules.scopes import Owner, PolicyRule, Where, Who
from policies.rules.wishes import MarkGathered

AHEAD = timedelta(days=28)
MAX_SHOWN = 50
MARKS = """
SELECT group_id, user_id, points, given_at
  FROM policies_mark WHERE withdrawn_at IS NULL AND given_at >= %s::timestamptz ORDER BY given_at, id
"""
# {kind: which groups, and which people, by one parameter; bookings without a group are of nobody's group}
GROUPS = "SELECT id FROM groups_group AS team WHERE archived_at IS NULL AND {}"
WHOSE = {
    WhoKind.EVERYBODY: "%s::text IS NOT NULL",
    WhoKind.INDIVIDUAL: "%s::text IS NULL",
    WhoKind.GROUP_KIND: "kind = %s",
    WhoKind.TAG: "%s::text = ANY(tag_keys)",
    WhoKind.GROUP: "id = %s::bigint",
    WhoKind.USER: "%s::text IS NULL",
}
PEOPLE = {
    WhoKind.EVERYBODY: "%s::text IS NOT NULL",
    WhoKind.INDIVIDUAL: "%s::text IS NOT NULL",
    WhoKind.USER: "person.id = %s::bigint",
}
IN_THEM = "EXISTS (SELECT FROM groups_usergroup AS place JOIN touched ON touched.id = place.group_id"
IN_THEM += " WHERE place.user_id = person.id) AND %s::text IS NOT NULL"
ROOMS = {
    WhereKind.EVERYWHERE: "true",
    WhereKind.BUILDING: "building = %s",
    WhereKind.FLOOR: "floor = %s::int AND (%s::text IS NULL OR building = %s)",
    WhereKind.CLASSROOM: "id = %s::bigint",
}
REACH = """
WITH touched AS ({groups})
SELECT (SELECT count(*) FROM touched),
       (SELECT count(*) FROM accounts_user AS person WHERE is_active AND {people}),
       (SELECT count(*) FROM classrooms_classroom WHERE {rooms})
"""


@dataclass(frozen=True)
class Reach:
    """How many living groups, active people and rooms a rule is about."""

    groups: int
    people: int
    rooms: int


@dataclass(frozen=True)
class RulePreview:
    """What a rule would do. `looked_at`: the live bookings of the next four weeks that have to keep to rules;
    `broken_count`: those of them that break it, of which `shown` has the soonest."""

    reach: Reach
    looked_at: int
    broken_count: int
    shown: Sequence[tuple[LiveBooking, Broken]]

    @property
    def more(self) -> int:
        return self.broken_count - len(self.shown)


_sources: list[Callable[[datetime, datetime], Sequence[LiveBooking]]] = []


def register(ask: Callable[[datetime, datetime], Sequence[LiveBooking]]) -> None:
    """Have live bookings read so: those that begin from one instant on and before another. For `AppConfig.ready`."""
    _sources[:] = [ask]


def preview_of(rule: PolicyRule, *, now: datetime) -> RulePreview:
    """What a rule, written or not, does beside the rules in force. Three round trips at most."""
    book = rulebook_now()
    bookings = _sources[0](now, now + AHEAD) if _sources else ()
    reach, marks = send(asking_for_reach(rule.who, rule.where), _asking_for_marks(rule, now))
    broken = broken_by_bookings(rule, book.rules, bookings, book.terms, marks=_marks_in(marks), now=now)
    soonest = sorted(broken, key=lambda pair: (pair[0].stay.interval.starts_at, pair[0].id))
    return RulePreview(Reach(*reach[0]), len(bookings), len(broken), soonest[:MAX_SHOWN])


def asking_for_reach(who: Who, where: Where) -> Statement:
    """The question for a `Reach`."""
    parameter = tag_key(who.label) or who.id or ""
    rooms = {
        WhereKind.EVERYWHERE: (),
        WhereKind.BUILDING: (where.building,),
        WhereKind.FLOOR: (where.floor, where.building, where.building),
        WhereKind.CLASSROOM: (where.classroom_id,),
    }[where.kind]
    sql = REACH.format(
        groups=GROUPS.format(WHOSE[who.kind]), people=PEOPLE.get(who.kind, IN_THEM), rooms=ROOMS[where.kind]
    )
    return Statement(sql, (parameter, parameter, *rooms))


def _asking_for_marks(rule: PolicyRule, now: datetime) -> Statement:
    """The marks that may count now; none, where the rule is not about marks."""
    days = rule.limit.within_days + rule.limit.effect_days if isinstance(rule.limit, StandingLimit) else 0
    return Statement(MARKS, (now - timedelta(days=days),))


def _marks_in(rows: ResultRows) -> dict[Owner, list[MarkGathered]]:
    marks = defaultdict[Owner, list[MarkGathered]](list)
    for group_id, user_id, points, given_at in rows:
        owner = Owner(OwnerKind.PERSON, user_id) if group_id is None else Owner(OwnerKind.GROUP, group_id)
        marks[owner].append(MarkGathered(points, given_at))
    return dict(marks)
