"""How often each operation waits for PostgreSQL, by what libpq sends; in this process."""

from typing import Any

from django.test import Client

from tests.bench.answering import ask
from tests.bench.operations import OPERATIONS
from tests.kernel.round_trips import round_trips


def count_waits(stage: Any) -> None:
    client = Client(headers={"host": "127.0.0.1"})
    for operation in OPERATIONS:
        requests, waits = operation.requests(stage.campus), []
        for _ in range(4):  # the first ones prepare their statements, and one may take new ids
            with round_trips() as trips:
                answer = ask(client, next(requests))
            if answer.status_code not in operation.answers:
                raise RuntimeError(f"{operation.name} was answered {answer.status_code}: {answer.content[:500]!r}")
            waits.append(trips())
        stage.report.waits[operation.name] = min(waits)
