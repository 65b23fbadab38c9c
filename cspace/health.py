"""Whether the process lives (`/healthz`) and whether it can serve (`/readyz`). Open to all, saying little."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from jobs.queries.lateness import are_late
from kernel import clock
from kernel.db.pending_migrations import lacks_migrations
from serving.draining import is_draining

Finding = bool | str
"""True, or what is wrong: False says that."""
Findings = dict[str, Finding]
MAX_CLOCK_SECONDS = 5
MAX_PROBE_SECONDS = 1.0
"""What answers later is not ready. A connection's own timeouts are longer, and a frozen server keeps none."""
NO_ANSWER: Findings = {"database": False}
ENDING: Findings = {"serving": False}
"""The server has been told to end: send no more requests here, those that come are still answered."""
_probing = threading.Lock()


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Never depends on the database."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers within a second, is migrated, has btree_gist and the right time, and jobs are done in
    time; else 503.

    503 as well once the server has been told to end.
    """
    checks = ENDING if is_draining() else probe(within=MAX_PROBE_SECONDS)
    is_ready = all(finding is True for finding in checks.values())
    response = JsonResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status=200 if is_ready else 503
    )
    if not is_ready:
        response["Retry-After"] = "5"
    return response


def probe(*, within: float) -> Findings:
    """What the checks say, or `NO_ANSWER` after `within` seconds, whatever the database does.

    They run in a thread of their own, on a connection of its own, because neither a connection that is never
    completed nor a server that stands still can be hurried. One at a time: over a silent database there is one
    waiting thread and no more.
    """
    deadline = time.monotonic() + within
    if not _probing.acquire(timeout=within):
        return NO_ANSWER
    answer: SimpleQueue[Findings] = SimpleQueue()
    threading.Thread(target=_run_checks, args=(answer,), name="readyz", daemon=True).start()
    try:
        return answer.get(timeout=max(0.0, deadline - time.monotonic()))
    except Empty:
        return NO_ANSWER


def _run_checks(answer: "SimpleQueue[Findings]") -> None:
    checks: Findings = {}
    try:
        for name, check in CHECKS.items():
            checks[name] = False
            checks[name] = check()
    except DatabaseError:
        pass  # the others would only wait for the same database
    finally:
        try:
            connection.close()
        finally:
            _probing.release()
            answer.put(checks)


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _is_migrated() -> bool:
    return not lacks_migrations(connection)


def _has_btree_gist() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
        return cursor.fetchone() is not None


def _agrees_on_time() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (there,) = cursor.fetchone()
    return bool(abs((there - clock.now()).total_seconds()) < MAX_CLOCK_SECONDS)


def _jobs_are_in_time() -> Finding:
    return "late" if are_late(clock.now()) else True


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": _database_answers,
    "migrations": _is_migrated,
    "btree_gist": _has_btree_gist,
    "clock": _agrees_on_time,
    "jobs": _jobs_are_in_time,
}
