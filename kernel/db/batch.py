"""Several statements in one round trip: libpq's pipeline, driven directly.

Most of what a small statement costs is the way there and back, and the cursor around it. A batch sends its statements
one behind the other with one Sync, and then waits once. Measured against one cursor each and against psycopg's own
pipeline, which costs about as much as it saves: docs/performance.md.

Outside a transaction a batch is one of its own, committed by its Sync: all of it has happened, or none. Inside one it
is a part of it, behind a savepoint if it is to leave the transaction usable when it is refused.

What a service writes last, nobody has to wait for: `put_off` has it travel with the COMMIT.

What a request is sure to ask can be asked ahead (`AskingAhead`): it travels with an earlier batch, and `ask` finds the
answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from psycopg.pq import ConnStatus, TransactionStatus

from kernel.db.constraints import sqlstate
from kernel.db.patience import Silence, watched
from kernel.db.pipeline import Exchange, PlanIsGone, ResultRow, ResultRows, place_of

COMMIT = "COMMIT"
SAVEPOINT = "cspace_batch"
TIMED_OUT = frozenset({"55P03", "57014"})
"""`lock_timeout` and `statement_timeout` (or somebody's cancellation)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `%s` for each parameter, as a cursor takes it; parameters travel as text, in the type that the place
    they stand in has (cast them where it has none). Rows come back as tuples of Python values."""

    sql: str
    parameters: ResultRow = field(default=(), hash=False)  # a list or a range among them has no hash


_put_off: ContextVar[list[Statement] | None] = ContextVar("statements_put_off", default=None)
_ahead: ContextVar[dict[Statement, Any] | None] = ContextVar("answers_ahead", default=None)
"""The rows of each question, or the `DatabaseError` that it ended with."""


def send(*statements: Statement, savepoint: bool = False) -> list[ResultRows]:
    """Carry statements out in order, in one round trip; the rows of each.

    `savepoint`: when one of them is refused, a transaction around the batch stays usable.

    A connection that has died since the last request is replaced, and the batch sent once more: it was the first, so
    nothing of it was acknowledged. (If a server dies between a COMMIT and its answer, nobody can know it: what a batch
    of its own writes must do no harm when it is done twice.)

    Raises:
        DatabaseError: of the first that was refused, as a cursor raises it. None of the batch has happened.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]  # itself: the proxy for it costs as much as a small statement
    is_alone = not database.in_atomic_block
    is_first = is_alone and not database.health_check_done
    try:
        return _send(database, statements, savepoint=savepoint, is_watched=is_first)
    except DatabaseError as error:
        is_lost = _is_lost()
        if is_lost:
            database.close()
        is_worth_another = is_alone and isinstance(error.__cause__, PlanIsGone)
        if is_lost:
            is_worth_another = is_first and not isinstance(error.__cause__, Silence)
        if not is_worth_another:
            raise
    return _send(database, statements, savepoint=savepoint)


def put_off(*statements: Statement) -> None:
    """Carry out statements that return nothing in the round trip of the COMMIT; at once, where that is not known or a
    savepoint may yet undo what they belong to. What comes later in the transaction must not look for what they do."""
    waiting = _put_off.get()
    if waiting is None or connection.savepoint_ids:
        send(*statements)
    else:
        waiting += statements


def put_off_once(statement: Statement) -> None:
    """The same for one that does no harm where what it belongs to is undone; once, however often it is put off."""
    waiting = _put_off.get()
    if waiting is None:
        send(statement)
    elif statement not in waiting:
        waiting.append(statement)


@contextmanager
def committing() -> Iterator[None]:
    """The inside of an outermost transaction: at its end the COMMIT goes with all that was put off."""
    waiting: list[Statement] = []
    token = _put_off.set(waiting)
    try:
        yield
    finally:
        _put_off.reset(token)
    if waiting and not connection.get_rollback():
        send(*waiting, Statement(COMMIT))


def ask(question: Statement) -> ResultRows:
    """The rows of one statement that only reads; found, where it was asked ahead, and then only once."""
    ahead = _ahead.get()
    if not ahead or question not in ahead:
        return send(question)[0]
    return _rows_or_refusal(ahead.pop(question))


def ask_each(*questions: Statement) -> list[ResultRows]:
    """The rows of several, in one round trip for those that were not asked ahead."""
    ahead = _ahead.get() or {}
    answers = {each: _rows_or_refusal(ahead.pop(each)) for each in questions if each in ahead}
    rest = iter(send(*rest) if (rest := [each for each in questions if each not in answers]) else ())
    return [answers[each] if each in answers else next(rest) for each in questions]


def _rows_or_refusal(answer: ResultRows | DatabaseError) -> ResultRows:
    """What an earlier round trip has brought. Raises: DatabaseError, if it was that."""
    if isinstance(answer, DatabaseError):
        raise answer
    return answer


class AskingAhead:
    """What `look_ahead` is answered inside the block, is there for `ask` until its end."""

    def __enter__(self) -> None:
        self._token = _ahead.set({})

    def __exit__(self, *_error: object) -> None:
        _ahead.reset(self._token)


def look_ahead(questions: Iterable[Statement]) -> None:
    """Ask in one round trip what is sure to be asked next. Outside `AskingAhead` nothing is.

    A refusal of one of them is not told here: whoever needs an answer asks again, in the order in which it matters. One
    that has waited in vain is not made to wait once more: who asks it is told then.

    Raises:
        DatabaseError: there is no database to ask.
    """
    ahead = _ahead.get()
    if ahead is None or not (distinct := list(dict.fromkeys(questions))):
        return
    try:
        ahead |= zip(distinct, send(*distinct), strict=True)
    except DatabaseError as error:
        if _is_lost():
            raise
        if sqlstate(error) in TIMED_OUT and not connection.in_atomic_block:
            ahead[distinct[place_of(error.__cause__)]] = error


def _is_lost() -> bool:
    """Whether there is no connection, or one that has died."""
    return connection.connection is None or connection.connection.pgconn.status == ConnStatus.BAD


def _send(
    database: Any, statements: Sequence[Statement], *, savepoint: bool, is_watched: bool = False
) -> list[ResultRows]:
    if database.connection is None:
        database.ensure_connection()
    database.validate_no_broken_transaction()
    before, after = _frame(database, savepoint=savepoint) if database.in_atomic_block else ((), ())
    began = perf_counter()
    with database.wrap_database_errors:
        exchange = Exchange(database.connection)
        texts = [(each.sql, exchange.as_texts(each.parameters)) for each in (*before, *statements, *after)]
        database.health_check_done = True  # by this batch, which may take as long as its statements may
        try:
            rows = exchange.carry_out(texts, partial(watched, wrapper=database) if is_watched else None)
        except BaseException:
            if savepoint and exchange.pgconn.transaction_status == TransactionStatus.INERROR:
                Exchange(database.connection).carry_out([(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}", None)])
            raise
        finally:
            _log(database, statements, perf_counter() - began)
    return rows[len(before) : len(before) + len(statements)]


def _frame(database: Any, *, savepoint: bool) -> tuple[list[Statement], list[Statement]]:
    """What stands before and after the statements of a batch inside a transaction."""
    before, after = [], []
    if database.connection.pgconn.transaction_status == TransactionStatus.IDLE:
        before.append(Statement("BEGIN"))  # Django leaves that to the first statement, psycopg sends it by itself
    if savepoint:
        before.append(Statement(f"SAVEPOINT {SAVEPOINT}"))
        after.append(Statement(f"RELEASE SAVEPOINT {SAVEPOINT}"))
    return before, after


def _log(database: Any, statements: Sequence[Statement], seconds: float) -> None:
    """For whoever counts statements, as a cursor does."""
    if database.queries_logged and statements:
        share = f"{seconds / len(statements):.3f}"
        database.queries_log.extend({"sql": each.sql, "time": share} for each in statements)
