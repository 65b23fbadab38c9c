"""Entering series. What becomes of them later is `series_moving`, `series_retrying` and `series_cancelling`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.queries.people import asking_for_people, people_with_ids
from accounts.rules import Access
from classrooms.enums import OccupancyKind
from classrooms.models import Classroom
from classrooms.queries.rooms import asking_for_rooms_with_names, rooms_by_name
from classrooms.services.room_holding import holding_rooms
from groups.models import Group
from groups.queries.recipients import cspace_people
from groups.rules import UNKNOWN_GROUP
from groups.services.holding import groups_held, holding_groups
from kernel.campus_time import monday_of
from kernel.db.batch import Statement, put_off, send
from kernel.db.ids import numbers_in
from kernel.db.transactions import StaleRead, transactional
from kernel.errors import Conflict, Invalid, PermissionDenied
from kernel.facts import publish
from policies.queries.rulebook import ASKING_FOR_VERSION, Rulebook, is_kept, kept_rulebook
from policies.rules.scopes import Party
from registrations import rules
from registrations.facts.series import SeriesCreated
from registrations.models import Series
from registrations.queries.series_weeks import weeks_of_groups
from registrations.services.charging import charge_written
from registrations.services.judging import PolicyBroken, locks_for
from registrations.services.new_series import new_series_of, series_of
from registrations.services.series_dates import (
    DateRequest,
    DateVerdict,
    SeriesDraft,
    date_requests,
    judged,
    let_all_wait,
)
from registrations.services.series_judging import (
    DateJudge,
    SeriesWish,
    broken_on_dates,
    check_series,
    judge_series,
    may_have_series,
)
from registrations.services.series_writing import WrittenSeries, asking_before_writing, writing_series

REGISTRATION = OccupancyKind.REGISTRATION


class DatesAreTaken(Conflict):
    """Dates of a series are taken and it may not skip them, or all of them are.

    `details.conflicts` names what is in the way on each date; in a request of several items with its `item`, and
    without an id where an earlier item would have taken the date.
    """

    def __init__(self, verdicts: Sequence[DateVerdict], items: Sequence[int | None] = (None,)) -> None:
        obstacles = [(verdict, row) for verdict in verdicts for row in verdict.in_the_way()]
        registrations = [
            (row.interval.starts_at, row.id) for _, row in obstacles if row.id and row.main_kind == REGISTRATION
        ]
        super().__init__(
            existing_registration_id=min(registrations)[1] if registrations else None,
            conflicts=(
                ({} if (item := items[verdict.request.item]) is None else {"item": item}) | piece
                for verdict, row in obstacles
                for piece in row.pieces_on(verdict.request.day)
            ),
        )


def check_dates(verdicts: Sequence[DateVerdict], items: Sequence[int | None] = (None,)) -> None:
    """Raises: PolicyBroken, if rules refuse some of them; DatesAreTaken, if something is in the way of some."""
    if broken := {(row.request.item, row.request.day): row.broken_rules or [] for row in verdicts if row.is_refused}:
        raise PolicyBroken(broken_on_dates(broken, items))
    if blocked := [row for row in verdicts if row.is_blocked]:
        raise DatesAreTaken(blocked, items)


@dataclass(frozen=True, kw_only=True)
class SeriesRequest:
    """A series to enter, with its room. `item`: its place in a request of several, None in a request for one."""

    draft: SeriesDraft
    classroom: Classroom
    may_skip: bool = False
    item: int | None = None

    def name_of(self, field: str) -> str:
        """How the request calls a field of it."""
        return field if self.item is None else f"items.{self.item}.{field}"


@transactional
def create_series(
    *, by: User, now: datetime, requests: Sequence[SeriesRequest], is_overriding: bool = False
) -> list[Series]:
    """Enter series, all or none, each taking what the ones before it have left; in order, with their API relations.

    Where `may_skip`, dates that are taken, or refused by a rule, are recorded as skipped. Publishes `SeriesCreated`,
    one for the command. A constant number of statements: one batch that locks and reads, and one with the COMMIT; with
    quotas what was written is charged behind it.

    Raises:
        PermissionDenied: not cspace, and not a member of the group whom a rule allows series.
        Invalid: {field: [sentences]}; of several items `items.<n>.<field>`.
        PolicyBroken: a rule refuses a series, or dates of one that may not skip; each with `item` and `dates`.
        DatesAreTaken: a series may not skip, or got no date at all.
    """
    _check_may_enter(by.access, requests, is_overriding=is_overriding)
    check_requests(requests, now)
    drafts = [row.draft for row in requests]
    rulebook = kept_rulebook()
    dates = date_requests(drafts, is_overriding=is_overriding)
    group_rows, _, people, ((version,),), obstacles, *ids = send(
        holding_groups(draft.group_id for draft in drafts),
        holding_rooms(rooms={draft.classroom_id for draft in drafts}, after=locks_for(rulebook, map(_owners, drafts))),
        asking_for_people(draft.created_by_id for draft in drafts),
        ASKING_FOR_VERSION,
        *asking_before_writing(drafts, dates),
    )
    if not is_kept(version, rulebook):
        raise StaleRead
    groups, creators = groups_held(group_rows), people_with_ids(people)
    if missing := [row for row in requests if row.draft.group_id not in groups]:
        raise Invalid({row.name_of("group_id"): [UNKNOWN_GROUP] for row in missing})
    wishes = _wishes(requests, groups, rulebook)
    waiting, broken = _judge_requests(requests, wishes, dates, by=by, now=now, is_overriding=is_overriding)
    rules_of_house = DateJudge(
        wishes, [(row.item, row.day, row.interval, None) for row in dates], now=now, is_overriding=is_overriding
    )
    verdicts = judged(dates, obstacles, rules_of_house)
    _check_placeable(requests, verdicts)
    for item, rules_of_item in waiting.items():
        let_all_wait([row for row in verdicts if row.request.item == item], rules_of_item)
    written, statements = writing_series(drafts, verdicts, *map(numbers_in, ids), now=now)
    _write(statements, written, rulebook)
    series = [
        series_of(row, groups[row.draft.group_id], request.classroom, creators[row.draft.created_by_id], now)
        for request, row in zip(requests, written, strict=True)
    ]
    new_series = tuple(new_series_of(*pair) for pair in zip(series, written, strict=True))
    broken += broken_on_dates(rules_of_house.broken_by_date(), _items(requests))
    publish(
        SeriesCreated(
            actor_id=by.pk,
            occurred_at=now,
            new_series=new_series,
            deciders=cspace_people() if any(row.has_to_be_decided for row in new_series) else (),
            overridden=tuple(broken) if is_overriding else None,
        )
    )
    return series


def _owners(draft: SeriesDraft) -> Party:
    """Whose bookings the dates of a series are."""
    return Party(draft.created_by_id, draft.group_id)


def _items(requests: Sequence[SeriesRequest]) -> list[int | None]:
    return [row.item for row in requests]


def _wishes(requests: Sequence[SeriesRequest], groups: Mapping[int, Group], rulebook: Rulebook) -> list[SeriesWish]:
    """What the rules are asked about; with rules, of the rooms as they are under their lock."""
    rooms = {row.classroom.name: row.classroom for row in requests}
    if rulebook.rules:
        rooms |= rooms_by_name(*send(asking_for_rooms_with_names(rooms)))
    return [
        SeriesWish(
            group=groups[row.draft.group_id],
            person_id=row.draft.created_by_id,
            classroom=rooms[row.classroom.name],
            start_minute=row.draft.start_minute,
            end_minute=row.draft.end_minute,
            attendees=row.draft.attendees,
        )
        for row in requests
    ]


def _check_may_enter(access: Access, requests: Sequence[SeriesRequest], *, is_overriding: bool) -> None:
    """cspace; others for their groups and in their own name, if a rule lets them. Raises: PermissionDenied."""
    if access.is_cspace:
        return
    drafts = [row.draft for row in requests]
    is_his = all(access.is_member_of(row.group_id) and row.created_by_id == access.user_id for row in drafts)
    if is_overriding or not is_his:
        raise PermissionDenied


def _judge_requests(
    requests: Sequence[SeriesRequest],
    wishes: Sequence[SeriesWish],
    dates: Sequence[DateRequest],
    *,
    by: User,
    now: datetime,
    is_overriding: bool,
) -> tuple[dict[int, list[dict[str, Any]]], list[dict[str, Any]]]:
    """The items that have to be decided on, each with the rules that it breaks as a series; and those of all items.

    Raises: PermissionDenied (no rule lets members have series there), PolicyBroken.
    """
    weeks_of = weeks_of_groups({row.draft.group_id for row in requests}, now)
    waiting, of_all = dict[int, list[dict[str, Any]]](), list[dict[str, Any]]()
    for item, (request, wish) in enumerate(zip(requests, wishes, strict=True)):
        days = {row.day: row.interval for row in dates if row.item == item and row.interval is not None}
        if not days:
            continue
        if not by.access.is_cspace and not may_have_series(wish, min(days), days[min(days)], now):
            raise PermissionDenied
        others = weeks_of.setdefault(request.draft.group_id, [])
        broken = judge_series(wish, days, now, others)
        others.append({monday_of(day) for day in days})
        of_all += [each.json | ({} if request.item is None else {"item": request.item}) for each in broken]
        has_to_wait = check_series(broken, is_overriding=is_overriding)
        if has_to_wait or not (by.access.is_cspace or request.classroom.auto_approve):
            waiting[item] = [each.json for each in broken] if has_to_wait else []
    return waiting, of_all


def _write(statements: Sequence[Statement], written: Sequence[WrittenSeries], rulebook: Rulebook) -> None:
    """With the COMMIT, or where it is charged to quotas, before that."""
    if not rulebook.quotas:
        put_off(*statements)
        return
    send(*statements)
    charge_written([pk for series in written for pk in series.occurrences.values()])


def check_requests(requests: Sequence[SeriesRequest], now: datetime) -> None:
    """Raises `Invalid` with everything that is wrong with the wishes themselves."""
    faults: dict[str, list[str]] = {}
    for row in requests:
        faults_of_one = rules.series_faults(
            now=now,
            starts_on=row.draft.starts_on,
            ends_on=row.draft.ends_on,
            on_day=row.draft.day_of_week,
            start_minute=row.draft.start_minute,
            end_minute=row.draft.end_minute,
            room=row.classroom,
            description=row.draft.description,
            attendees=row.draft.attendees,
        )
        faults |= {row.name_of(field): sentences for field, sentences in faults_of_one.items()}
    if faults:
        raise Invalid(faults)


def _check_placeable(requests: Sequence[SeriesRequest], verdicts: Sequence[DateVerdict]) -> None:
    """Raises `PolicyBroken` or `DatesAreTaken`, with every rule or conflict of the series that may not skip, or have no
    date at all."""
    with_dates = {verdict.request.item for verdict in verdicts if verdict.is_granted}
    placeable = {item for item, row in enumerate(requests) if row.may_skip and item in with_dates}
    hopeless = [row for row in verdicts if row.request.item not in placeable]
    check_dates(hopeless, _items(requests))
