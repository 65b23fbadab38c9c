"""The one place where bookings meet the rules of the house: whoever books, changes or brings back one passes here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import User
from classrooms.models import Classroom
from classrooms.rules import Buffers
from groups.models import Group
from kernel.campus_time import Interval, cut_per_day
from kernel.db.batch import Statement, ask, send
from kernel.db.locks import Lock, Namespace
from kernel.db.transactions import StaleRead
from kernel.errors import DomainError, ErrorCode
from policies.enums import MarkKind, OwnerKind
from policies.queries.rulebook import AS_KEPT, Rulebook, is_kept, kept_rulebook
from policies.rules.checks import Broken
from policies.rules.ledger import Ledger
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner, Party, Place, Stay, deciding
from policies.rules.verdicts import Verdict, buffer_minutes, cancelling, marks
from policies.rules.wishes import BookingWish
from policies.services.marks import give_mark
from registrations.facts.registrations import Overridden
from registrations.models import Registration
from registrations.queries.owners import asking_for_owners, ledger_in
from registrations.queries.registrations import registration_with_id
from registrations.services.registration_holding import Holding, RegistrationNotFound

RULES_ARE_READ = Lock(Namespace.BOOKING_RULES, is_shared=True)
OWNERS = {OwnerKind.GROUP: Namespace.GROUP_QUOTA, OwnerKind.PERSON: Namespace.PERSON_QUOTA}
ROOM_AS_JUDGED = (
    "EXISTS (SELECT FROM classrooms_classroom WHERE id = %s AND building = %s AND floor = %s AND capacity = %s)"
)
GROUP_AS_JUDGED = (
    "EXISTS (SELECT FROM groups_group WHERE id = %s AND kind = %s"
    " AND tag_keys::text[] @> %s::text[] AND tag_keys::text[] <@ %s::text[])"
)


class PolicyBroken(DomainError):
    """Rules of the house are broken. `details.rules` names each of them, in the order of the contract (policy §2)."""

    code = ErrorCode.POLICY
    message = "A booking rule does not allow this"

    def __init__(self, rules: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(rules[0]["sentence"] if rules else None, details={"rules": list(rules)})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A wish that was judged, with all that the judgement went by."""

    wish: BookingWish
    verdict: Verdict
    rulebook: Rulebook
    ledger: Ledger = field(default_factory=Ledger)
    question: Statement | None = None
    answer: str = ""

    @property
    def buffers(self) -> Buffers:
        """What keeps others away from the booking."""
        return Buffers(*buffer_minutes(self.verdict.deciding))

    @property
    def broken(self) -> list[dict[str, Any]] | None:
        """The rules that are broken, as JSON; None for none."""
        return self.verdict.json or None

    def charges(self, registration_id: int) -> list[Charge]:
        """What the booking is charged."""
        return self.ledger.charges_for(self.wish, self.verdict.deciding, registration_id)

    def check(self, *, is_overridden: bool = False) -> None:
        """Raises: PolicyBroken."""
        if self.verdict.is_refused and not is_overridden:
            raise PolicyBroken(self.verdict.json)

    @property
    def locks(self) -> list[Lock]:
        """What has to be held, before the room, for the judgement to hold."""
        return locks_for(self.rulebook, [self.wish.party])

    @property
    def as_judged(self) -> list[Statement]:
        """Conditions, under the locks: all is still as it was judged by."""
        conditions = [Statement(AS_KEPT, (self.rulebook.version,))]
        if self.rulebook.rules:
            place, party = self.wish.place, self.wish.party
            room = (place.classroom_id, place.building, place.floor, place.capacity)
            conditions.append(Statement(ROOM_AS_JUDGED, room))
            if party.group_id is not None:
                tags = sorted(party.tags)
                labels = (party.group_id, party.group_kind, tags, tags)
                conditions.append(Statement(GROUP_AS_JUDGED, labels))
        if self.question is not None and "skip-owners-as-judged" not in settings.CSPACE_TEST_FAULTS:
            parameters = (*self.question.parameters, self.answer)
            conditions.append(Statement(f"({self.question.sql}) = %s", parameters))
        return conditions


def judged(wish: BookingWish, rulebook: Rulebook | None = None) -> Judged:
    """A wish by the rules this process goes by, and what its owner has now. At most one statement."""
    book = kept_rulebook() if rulebook is None else rulebook
    question = asking_for_owners(book, [wish])
    answer = "" if question is None else str(ask(question)[0][0])
    ledger = ledger_in(answer) if answer else Ledger()
    verdict = ledger.judge(book.rules, wish, book.terms)
    return Judged(wish=wish, verdict=verdict, rulebook=book, ledger=ledger, question=question, answer=answer)


def locks_for(rulebook: Rulebook, parties: Iterable[Party]) -> list[Lock]:
    """What commands that book for some parties hold before rooms: the rules, and the owners whose bookings count."""
    locks = [] if "skip-rules-lock" in settings.CSPACE_TEST_FAULTS else [RULES_ARE_READ]
    if not rulebook.counts_for_owners or "skip-owners-locks" in settings.CSPACE_TEST_FAULTS:
        return locks
    return [*locks, *_turns(parties)]


def locks_for_all_rules(party: Party) -> list[Lock]:
    """The same, whatever the rules are."""
    return [RULES_ARE_READ, *_turns([party])]


def _turns(parties: Iterable[Party]) -> list[Lock]:
    owners = {owner for party in parties for owner in (party.owner, party.person)}
    return sorted(map(_turn_of, owners), key=lambda lock: (lock.namespace, lock.id))


def _turn_of(owner: Owner) -> Lock:
    return Lock(OWNERS[owner.kind], owner.id)


@dataclass(frozen=True)
class Turn:
    """What a command to a registration has to hold before its room, if it is to be judged."""

    rulebook: Rulebook
    locks: Sequence[Lock]
    of: tuple[int | None, int] | None = None
    """The group and the creator of the registration, where owners take turns."""

    def check(self, holding: Holding) -> None:
        """Raises: StaleRead (others were to be held)."""
        registration = holding.registration
        is_own = self.of in (None, (registration.group_id, registration.created_by_id))
        if not is_kept(holding.rules_version, self.rulebook) or not is_own:
            raise StaleRead


def turn_of(registration_id: int, *, group_id: int | None = None, group: Statement | None = None) -> Turn:
    """The turn of a registration, which is perhaps handed to a group: that of an id, or one that a query names.

    Raises: RegistrationNotFound.
    """
    rulebook = kept_rulebook()
    if not rulebook.counts_for_owners:
        return Turn(rulebook, locks_for(rulebook, []))
    registration = registration_with_id(registration_id)
    if registration is None:
        raise RegistrationNotFound
    if group is not None:
        ((group_id,),) = send(group)[0]
    party = Party(registration.created_by_id, registration.group_id if group_id is None else group_id)
    return Turn(rulebook, locks_for(rulebook, [party]), (registration.group_id, registration.created_by_id))


def wish_in(registration: Registration, now: datetime) -> BookingWish:
    """What a registration has, as something that could be wished."""
    return BookingWish(
        party_of(registration.group, registration.created_by_id),
        place_of(registration.occupancy.classroom),
        stay_of(registration.interval),
        now,
        attendees=registration.attendees,
        registration_id=registration.pk,
    )


def check_not_late(registration: Registration, *, by: User, now: datetime, is_overriding: bool) -> Overridden:
    """Whether it may be cancelled still; if that is marked, it is. What was overridden, for the log.

    Raises: PolicyBroken.
    """
    late = too_late_for(registration, now)
    if is_overriding:
        return tuple(each.json for each in late)
    if refusing := [each.json for each in late if not marks(each.rule)]:
        raise PolicyBroken(refusing)
    mark_late(registration, late, by=by, now=now)
    return None


def mark_late(registration: Registration, late: Sequence[Broken], *, by: User, now: datetime) -> None:
    """Give the mark that a rule asks for, among those that it is too late for. It is for who gives up his own, not
    where cspace does it for somebody else."""
    is_his_own = by.pk == registration.created_by_id or not by.access.is_cspace
    if is_his_own and any(marks(each.rule) for each in late):
        give_mark(
            by=None,
            now=now,
            owner=party_of(registration.group, registration.created_by_id).owner,
            kind=MarkKind.LATE_CANCEL,
            points=1,
            registration_id=registration.pk,
        )


def too_late_for(registration: Registration, now: datetime) -> list[Broken]:
    """The rules that it is too late for to give it up."""
    rulebook, wish = kept_rulebook(), wish_in(registration, now)
    decide = deciding(rulebook.rules, wish.party, wish.place, wish.stay, rulebook.terms)
    return cancelling(decide, registration.occupancy.starts_at, now)


def party_of(group: Group | None, person_id: int) -> Party:
    """Whom a booking is for. Loaded before: the group's labels."""
    if group is None:
        return Party(person_id)
    return Party(person_id, group.pk, group.kind, frozenset(group.tag_keys))


def place_of(classroom: Classroom) -> Place:
    return Place(classroom.pk, classroom.building, classroom.floor, classroom.capacity)


def stay_of(interval: Interval) -> Stay:
    """When a registration is, by its room time."""
    piece = next(cut_per_day(interval))
    return Stay(piece.date, piece.start_minute, piece.end_minute, interval)
