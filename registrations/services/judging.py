"""The one place where bookings meet the rules of the house: whoever books, changes or brings back one passes here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classrooms.models import Classroom
from groups.models import Group
from kernel.campus_time import Interval, cut_per_day
from kernel.db.batch import Statement, ask
from kernel.db.locks import Lock, Namespace
from kernel.errors import DomainError, ErrorCode
from policies.enums import OwnerKind
from policies.queries.rulebook import AS_KEPT, Rulebook, kept_rulebook
from policies.rules.ledger import Ledger
from policies.rules.quotas import Charge
from policies.rules.scopes import Owner, Party, Place, Stay
from policies.rules.verdicts import Verdict, Wish, buffer_minutes
from registrations.queries.owners import asking_for_owners, ledger_in

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

    wish: Wish
    verdict: Verdict
    rulebook: Rulebook
    ledger: Ledger = field(default_factory=Ledger)
    question: Statement | None = None
    answer: str = ""

    @property
    def buffers(self) -> tuple[int, int]:
        """Minutes before and after."""
        return buffer_minutes(self.verdict.deciding)

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
        if self.question is not None:
            parameters = (*self.question.parameters, self.answer)
            conditions.append(Statement(f"({self.question.sql}) = %s", parameters))
        return conditions


def judged(wish: Wish, rulebook: Rulebook | None = None) -> Judged:
    """A wish by the rules this process goes by, and what its owner has now. At most one statement."""
    book = kept_rulebook() if rulebook is None else rulebook
    question = asking_for_owners(book, [wish])
    answer = "" if question is None else str(ask(question)[0][0])
    ledger = ledger_in(answer) if answer else Ledger()
    verdict = ledger.judge(book.rules, wish, book.terms)
    return Judged(wish=wish, verdict=verdict, rulebook=book, ledger=ledger, question=question, answer=answer)


def locks_for(rulebook: Rulebook, parties: Iterable[Party]) -> list[Lock]:
    """What commands that book for some parties hold before rooms: the rules, and the owners whose bookings count."""
    if not rulebook.counts_for_owners:
        return [RULES_ARE_READ]
    owners = {owner for party in parties for owner in (party.owner, party.person)}
    return [RULES_ARE_READ, *sorted(map(_turn_of, owners), key=lambda lock: (lock.namespace, lock.id))]


def _turn_of(owner: Owner) -> Lock:
    return Lock(OWNERS[owner.kind], owner.id)


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
