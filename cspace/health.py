"""Whether the process lives (`/healthz`) and whether it can serve (`/readyz`). Open to all, saying little."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from cspace import clock

MAX_CLOCK_SECONDS = 5


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Never depends on the database."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers within a second, is migrated, has btree_gist and the right time; else 503."""
    checks = {}
    for name, check in CHECKS.items():
        try:
            checks[name] = check()
        except DatabaseError:
            checks[name] = False
            break  # the others would only wait for the same database
    is_ready = all(checks.values())
    response = JsonResponse(
        {"status": "ok" if is_ready else "unavailable", "checks": checks}, status=200 if is_ready else 503
    )
    if not is_ready:
        response["Retry-After"] = "5"
    return response


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1s'")
        try:
            cursor.execute("SELECT 1")
        finally:
            cursor.execute("RESET statement_timeout")
    return True


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _has_btree_gist() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
        return cursor.fetchone() is not None


def _agrees_on_time() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (there,) = cursor.fetchone()
    return bool(abs((there - clock.now()).total_seconds()) < MAX_CLOCK_SECONDS)


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _is_migrated,
    "btree_gist": _has_btree_gist,
    "clock": _agrees_on_time,
}
