"""Several statements in one round trip: libpq's pipeline, driven directly.

Most of what a small statement costs is the way there and back, and the cursor around it. A batch sends its statements
one behind the other with one Sync, and then waits once. Measured against one cursor each and against psycopg's own
pipeline, which costs about as much as it saves: docs/performance.md.

Outside a transaction a batch is one of its own, committed by its Sync: all of it has happened, or none. Inside one it
is a part of it, behind a savepoint if it is to leave the transaction usable when it is refused.

What a service writes last, nobody has to wait for: `put_off` has it travel with the COMMIT.

What a request is sure to ask can be asked ahead (`asking_ahead`): it travels with an earlier batch, and `ask` finds the
answer.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from psycopg import DataError, OperationalError, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from kernel.db.patience import Silence
from kernel.db.plans import NO_PLANS, plans_of

ResultRow = tuple[Any, ...]
ResultRows = list[ResultRow]
ParameterTexts = list[Any] | None
"""Parameters as PostgreSQL reads them; none."""
BINARY = Format.BINARY
COMMIT = "COMMIT"
SAVEPOINT = "cspace_batch"
CARRIED_OUT = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with `%s` for each parameter, as a cursor takes it; parameters travel as text, in the type that the place
    they stand in has (cast them where it has none). Rows come back as tuples of Python values."""

    sql: str
    parameters: ResultRow = field(default=(), hash=False)  # a list or a range among them has no hash


_put_off: ContextVar[list[Statement] | None] = ContextVar("statements_put_off", default=None)
_ahead: ContextVar[dict[Statement, ResultRows] | None] = ContextVar("answers_ahead", default=None)


def send(*statements: Statement, savepoint: bool = False) -> list[ResultRows]:
    """Carry statements out in order, in one round trip; the rows of each.

    `savepoint`: when one of them is refused, a transaction around the batch stays usable.

    A connection that has died since the last request is replaced, and the batch sent once more: it was the first, so
    nothing of it has happened.

    Raises:
        DatabaseError: of the first that was refused, as a cursor raises it. None of the batch has happened.
    """
    database: Any = connection  # Django's stubs do not know of its health checks
    is_first = not (database.health_check_done or database.in_atomic_block)
    try:
        rows = _send(statements, savepoint=savepoint)
    except DatabaseError as error:
        if not _is_lost():
            raise
        connection.close()
        if not is_first or isinstance(error.__cause__, Silence):
            raise
        rows = _send(statements, savepoint=savepoint)
    database.health_check_done = True
    return rows


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
    if ahead and question in ahead:
        return ahead.pop(question)
    return send(question)[0]


def ask_each(*questions: Statement) -> list[ResultRows]:
    """The rows of several, in one round trip for those that were not asked ahead."""
    ahead = _ahead.get() or {}
    rest = iter(send(*rest) if (rest := [each for each in questions if each not in ahead]) else ())
    return [ahead.pop(each) if each in ahead else next(rest) for each in questions]


@contextmanager
def asking_ahead() -> Iterator[None]:
    """What `look_ahead` is answered inside the block, is there for `ask` until its end."""
    token = _ahead.set({})
    try:
        yield
    finally:
        _ahead.reset(token)


def look_ahead(questions: Iterable[Statement]) -> None:
    """Ask in one round trip what is sure to be asked next. Outside `asking_ahead` nothing is."""
    ahead = _ahead.get()
    if ahead is not None and (distinct := list(dict.fromkeys(questions))):
        ahead |= zip(distinct, send(*distinct), strict=True)


def _is_lost() -> bool:
    """Whether there is no connection, or one that has died."""
    return connection.connection is None or connection.connection.pgconn.status == ConnStatus.BAD


def _send(statements: Sequence[Statement], *, savepoint: bool) -> list[ResultRows]:
    if connection.connection is None:
        connection.ensure_connection()
    connection.validate_no_broken_transaction()
    is_inside = connection.in_atomic_block
    before, after = _frame(is_inside=is_inside, savepoint=savepoint)
    began = perf_counter()
    with connection.wrap_database_errors:
        try:
            rows = _Exchange(connection.connection).carry_out([*before, *statements, *after])
        except BaseException:
            if before and is_inside and savepoint and not _is_lost():
                _Exchange(connection.connection).carry_out([Statement(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")])
            raise
        finally:
            _log(statements, perf_counter() - began)
    return rows[len(before) : len(before) + len(statements)]


def _frame(*, is_inside: bool, savepoint: bool) -> tuple[list[Statement], list[Statement]]:
    """What stands before and after the statements of a batch."""
    if not is_inside:
        return [], []
    before, after = [], []
    if connection.connection.pgconn.transaction_status == TransactionStatus.IDLE:
        before.append(Statement("BEGIN"))  # Django leaves that to the first statement, psycopg sends it by itself
    if savepoint:
        before.append(Statement(f"SAVEPOINT {SAVEPOINT}"))
        after.append(Statement(f"RELEASE SAVEPOINT {SAVEPOINT}"))
    return before, after


def _log(statements: Sequence[Statement], seconds: float) -> None:
    """For whoever counts statements, as a cursor does."""
    if connection.queries_logged:
        share = f"{seconds / len(statements):.3f}"
        connection.queries_log.extend({"sql": each.sql, "time": share} for each in statements)


class _Exchange:
    """One batch on its way."""

    def __init__(self, database: Any) -> None:
        self.database, self.pgconn = database, database.pgconn
        self.transformer = Transformer(database)
        self.plans = plans_of(database) if settings.CSPACE_PREPARE else NO_PLANS

    def carry_out(self, statements: Sequence[Statement]) -> list[ResultRows]:
        """The rows of each. Raises: psycopg.Error."""
        texts = [(statement.sql, self._as_text(statement.parameters)) for statement in statements]
        try:
            self.pgconn.enter_pipeline_mode()
            answers = [name for sql, parameters in texts for name in self._put(sql, parameters)]
            self.pgconn.pipeline_sync()
            results = self._results()
        finally:
            self._leave()
        return self._rows(answers, results)

    def _put(self, sql: str, parameters: ParameterTexts) -> list[str | None]:
        """Hand a statement to libpq; for each answer that will come, the SQL that it prepares, None if it carries out.

        A plan is made by the first batch that needs it, on the way.
        """
        name = self.plans.names.get(sql)
        if name is not None:
            self.pgconn.send_query_prepared(name, parameters, result_format=BINARY)
            return [None]
        name = self.plans.new_name(sql)
        if name is None:
            self.pgconn.send_query_params(_numbered(sql), parameters, result_format=BINARY)
            return [None]
        self.pgconn.send_prepare(name, _numbered(sql))
        self.pgconn.send_query_prepared(name, parameters, result_format=BINARY)
        return [sql, None]

    def _as_text(self, parameters: ResultRow) -> ParameterTexts:
        if not parameters:
            return None
        return [self._dumped(value) for value in parameters]

    def _dumped(self, value: Any) -> Any:
        kind = type(value)
        if kind is int:
            return b"%d" % value
        if kind is str:
            if "\0" in value:
                raise DataError("a text for PostgreSQL cannot hold a NUL")
            return value.encode()
        return None if value is None else self.transformer.get_dumper(value, PyFormat.TEXT).dump(value)

    def _results(self) -> list[PGresult]:
        results: list[PGresult] = []
        self.database.wait(_exchange(self.pgconn, results.append))
        return results

    def _rows(self, answers: Sequence[str | None], results: Sequence[PGresult]) -> list[ResultRows]:
        refusal = next((result for result in results if result.status not in CARRIED_OUT), None)
        if refusal is not None:
            self._forget_unprepared(answers, results)
            raise errors.error_from_result(refusal, encoding="utf-8")
        if len(results) != len(answers):
            raise OperationalError("the connection was lost in the middle of a batch")
        load, rows = self.transformer.load_rows, []
        for prepared, result in zip(answers, results, strict=True):
            if result.status == ExecStatus.TUPLES_OK:
                self.transformer.set_pgresult(result, format=BINARY)
                rows.append(load(0, result.ntuples, tuple))
            elif prepared is None:
                rows.append([])
        return rows

    def _forget_unprepared(self, answers: Sequence[str | None], results: Sequence[PGresult]) -> None:
        """What was to be prepared behind a refusal, or was refused itself, is not."""
        for place, prepared in enumerate(answers):
            if prepared is not None and (place >= len(results) or results[place].status not in CARRIED_OUT):
                self.plans.names.pop(prepared, None)

    def _leave(self) -> None:
        """Out of pipeline mode; a connection that cannot leave it is of no use any more."""
        if self.pgconn.status == ConnStatus.OK:
            try:
                self.pgconn.exit_pipeline_mode()
            except OperationalError:
                self.database.close()


def _exchange(pgconn: PGconn, keep: Callable[[PGresult], None]) -> Generator[Wait, Any, None]:
    """Send what libpq holds and take the answers up to the end of the batch, for psycopg's `wait`."""
    while pgconn.flush():
        yield Wait.RW
        pgconn.consume_input()
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # the end of one answer, or of all
            if pgconn.status == ConnStatus.BAD:
                return
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return
        keep(result)


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> bytes:
    """`$1`, `$2` … for each `%s`, and `%` for `%%`: what libpq takes for what a cursor takes."""
    parts = sql.replace("%%", "\0").split("%s")
    text = "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], 1)) + parts[-1]
    return text.replace("\0", "%").encode()
