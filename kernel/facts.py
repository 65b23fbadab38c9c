"""Facts: what happened, said once, inside the transaction in which it happened.

A service publishes a fact; the listeners (change log, notifications) say what they write for it, and that is carried
out in the same transaction, in order, and refusals pass through: the booking, its log row and its notifications commit
together or vanish together.

A `Cascade` is the question asked *before* a fact is final: "this group is being archived; who has
something to undo?" Domain apps above answer by acting through their own services and return what they
changed, so that the fact can name it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from kernel.db.batch import Statement, put_off
from kernel.db.transactions import transact
from kernel.phrases import NoticeParams


@dataclass(frozen=True)
class PeopleQuery:
    """A query of user ids as SQL: it runs inside the INSERT of the notifications and costs no round trip.

    Compiled once, because building the same query for every booking costs more than running it.
    """

    sql: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, user_ids: QuerySet[Model, int]) -> "PeopleQuery":
        """From a query set of one column: the user ids."""
        sql, parameters = user_ids.query.sql_with_params()
        return cls(sql, tuple(parameters))


Recipients = Sequence[int] | PeopleQuery
"""User ids, or a query of them."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One sentence for some people. Who did it himself is left out, unless the sentence is news to him too.

    It is a sentence of the fact's kind: how that is said, the app declares (`kernel.phrases`).
    """

    recipients: Recipients
    params: NoticeParams
    """What it is made of, JSON."""
    includes_actor: bool = False
    """Send it to the actor too, if he is a recipient: chance decided, not he."""
    except_for: int | None = None
    """A recipient who gets no copy: another notice tells him."""


@dataclass(frozen=True, kw_only=True)
class Fact(ABC):
    """Something that has happened. Subclasses are past tense and frozen."""

    action: ClassVar[str]
    """The log's word for it, `noun.verb`: `registration.approved`."""
    is_logged: ClassVar[bool] = True
    """Whether the log has a row of it: not where nothing has changed and people are only told of it."""

    actor_id: int | None
    """Who did it; None = the system itself."""
    occurred_at: datetime

    @property
    @abstractmethod
    def target(self) -> str:
        """What it was done to: `registration:100`."""

    @property
    def details(self) -> dict[str, Any]:
        """JSON for the log: what a reader needs to understand the row in a year."""
        return {}

    def notices(self) -> Iterable[Notice]:
        """Who is to be told, and what of."""
        return ()


def actions() -> set[str]:
    """The log's words for all kinds of facts that it has rows of."""
    return {action for kind in _below(Fact) if kind.is_logged and (action := vars(kind).get("action"))}


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    """All kinds below a kind."""
    for narrower in kind.__subclasses__():
        yield narrower
        yield from _below(narrower)


@dataclass(frozen=True, kw_only=True)
class Cascade:
    """Something is about to happen; subclasses name it in the present tense: `GroupArchiving`."""

    actor_id: int | None
    occurred_at: datetime


Question = TypeVar("Question", bound=Cascade)
Listener = Callable[[Sequence[Fact]], Iterable[Statement]]
_listeners: list[Listener] = []
# Each answer takes the kind it is kept under, which the type of a dictionary cannot say.
_answers: dict[type[Cascade], list[Callable[[Any], list[str]]]] = {}
_record: ContextVar[list[Fact] | None] = ContextVar("record", default=None)


class PublishedOutsideTransaction(RuntimeError):
    """A fact outside a transaction could outlive the change it reports, or the other way round."""


def listen(listener: Listener) -> None:
    """Have `listener` say what it writes for every lot of facts: statements of its own tables that return nothing.

    Called from `AppConfig.ready`.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def publish(*facts: Fact) -> None:
    """Have every listener's statements carried out by the end of the present transaction, in order."""
    publish_many(facts)


def publish_many(facts: Sequence[Fact]) -> None:
    """Like `publish`, for a service that has changed many rows at once. Few statements, however many facts."""
    if not facts:
        return
    if not transaction.get_connection().in_atomic_block:
        raise PublishedOutsideTransaction(type(facts[0]).__name__)
    put_off(*_statements_for(facts))
    _remember(facts)


def write(*statements: Statement, fact: Fact) -> None:
    """Carry out what makes a fact, together with what it leads to: one batch, all of which happens or nothing.

    Raises: as `transact`.
    """
    transact(*statements, *_statements_for([fact]))
    _remember([fact])


def _statements_for(facts: Sequence[Fact]) -> list[Statement]:
    return [statement for listener in _listeners for statement in listener(facts)]


def _remember(facts: Sequence[Fact]) -> None:
    record = _record.get()
    if record is not None:
        record.extend(facts)


def on_cascade(kind: type[Question], answer: Callable[[Question], list[str]]) -> None:
    """Have `answer` called before a `kind` is final; it returns the targets it changed (`registration:100`)."""
    answers = _answers.setdefault(kind, [])
    if answer not in answers:
        answers.append(answer)


def cascade(question: Cascade) -> list[str]:
    """Ask everybody concerned; the targets that were changed for it, in order."""
    return [target for answer in _answers.get(type(question), ()) for target in answer(question)]


@contextmanager
def recording() -> Iterator[list[Fact]]:
    """The facts that this thread publishes inside the block, beside the real listeners: what a dry run would do.

    A block inside another keeps its facts for itself.
    """
    published: list[Fact] = []
    token = _record.set(published)
    try:
        yield published
    finally:
        _record.reset(token)
