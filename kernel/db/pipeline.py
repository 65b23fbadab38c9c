"""Libpq's pipeline, driven directly: what `kernel.db.batch` travels by.

Statements go one behind the other with one Sync, parameters as text, rows back in binary. A statement is prepared once
per connection, by the first batch that needs it.
"""

from collections.abc import Callable, Generator, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings
from psycopg import DataError, OperationalError, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from kernel.db.plans import NO_PLANS, plans_of

ResultRow = tuple[Any, ...]
ResultRows = list[ResultRow]
ParameterTexts = list[Any] | None
"""Parameters as PostgreSQL reads them; none."""
Waiting = Generator[Wait, Any, None]
"""What says to psycopg's `wait` which end of the connection it waits for."""
BINARY = Format.BINARY
DEALLOCATED = ""
"""Stands for the answer to a DEALLOCATE of ours."""
CARRIED_OUT = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
OUTDATED_PLAN = b"RevalidateCachedQuery"
"""Where PostgreSQL finds that a plan would give rows of another shape than before: somebody altered a table."""


PLACE = "cspace_place"


def place_of(error: BaseException | None) -> int:
    """At which place of its batch the statement stood that was refused so."""
    place: int = vars(error).get(PLACE, 0)
    return place


class PlanIsGone(OperationalError):
    """What was prepared has been thrown away, or fits its tables no more: next time it is prepared anew."""

    sqlstate = errors.InvalidSqlStatementName.sqlstate


class Exchange:
    """One batch on its way."""

    def __init__(self, database: Any) -> None:
        self.database, self.pgconn = database, database.pgconn
        self.transformer = Transformer(database)
        self.plans = plans_of(database) if settings.CSPACE_PREPARE else NO_PLANS

    def as_texts(self, parameters: ResultRow) -> ParameterTexts:
        """Parameters as they travel. Raises: psycopg.DataError, if PostgreSQL has nothing that could hold one."""
        try:
            return [self._dumped(value) for value in parameters] if parameters else None
        except UnicodeEncodeError as error:
            raise DataError("a text for PostgreSQL cannot hold half a character") from error

    def carry_out(
        self,
        statements: Sequence[tuple[str, ParameterTexts]],
        watching: Callable[[Waiting], Waiting] | None = None,
    ) -> list[ResultRows]:
        """The rows of each (SQL, parameters). `watching` is put around the waiting.

        Raises: psycopg.Error of the first that is refused; PlanIsGone.
        """
        answers: list[str | None] = []
        results: list[PGresult] = []
        try:
            self.pgconn.enter_pipeline_mode()
            for sql, parameters in statements:
                self._put(sql, parameters, answers)
            self.pgconn.pipeline_sync()
            waiting = _exchange(self.pgconn, results.append)
            self.database.wait(watching(waiting) if watching else waiting)
        finally:
            self._forget_unprepared(answers, results)
            self._leave()
        return self._rows(answers, results)

    def _put(self, sql: str, parameters: ParameterTexts, answers: list[str | None]) -> None:
        """Hand a statement to libpq. To `answers`, for each that will come: None for its own, or what is prepared."""
        name = self.plans.names.get(sql)
        if name is None:
            if not self.plans.keeps:
                answers.append(None)
                self.pgconn.send_query_params(_numbered(sql), parameters, result_format=BINARY)
                return
            if (oldest := self.plans.make_room()) is not None:
                answers.append(DEALLOCATED)
                self.pgconn.send_query_params(b"DEALLOCATE " + oldest, None)
            name = self.plans.new_name(sql)
            answers.append(sql)
            self.pgconn.send_prepare(name, _numbered(sql))
        answers.append(None)
        self.pgconn.send_query_prepared(name, parameters, result_format=BINARY)

    def _dumped(self, value: Any) -> Any:
        kind = type(value)
        if kind is int:
            return b"%d" % value
        if kind is str:
            if "\0" in value:
                raise DataError("a text for PostgreSQL cannot hold a NUL")
            return value.encode()
        return None if value is None else self.transformer.get_dumper(value, PyFormat.TEXT).dump(value)

    def _rows(self, answers: Sequence[str | None], results: Sequence[PGresult]) -> list[ResultRows]:
        for place, result in enumerate(results):
            if result.status not in CARRIED_OUT:
                raise self._refused(result, answers[:place].count(None))
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

    def _refused(self, refusal: PGresult, place: int) -> Exception:
        error = errors.error_from_result(refusal, encoding="utf-8")
        is_outdated = refusal.error_field(DiagnosticField.SOURCE_FUNCTION) == OUTDATED_PLAN
        if is_outdated or isinstance(error, errors.InvalidSqlStatementName):
            self.plans.names.clear()
            return PlanIsGone(str(error))
        vars(error)[PLACE] = place
        return error

    def _forget_unprepared(self, answers: Sequence[str | None], results: Sequence[PGresult]) -> None:
        """What was to be prepared behind a refusal, or was refused itself, or never got so far, is not."""
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


def _exchange(pgconn: PGconn, keep: Callable[[PGresult], None]) -> Waiting:
    """Send what libpq holds and take the answers up to the end of the batch."""
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
