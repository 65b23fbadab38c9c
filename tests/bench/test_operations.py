"""Every request of the benchmark, of ours and of the baselines, is answered."""

import pytest
from django.db import connection
from django.test import Client, override_settings

from tests.bench.answering import ask
from tests.bench.filling import PER_DAY, ROOMS, fill
from tests.bench.operations import OPERATIONS


@pytest.mark.django_db(transaction=True)
def test_every_request_is_answered(settings):
    settings.CSPACE_THROTTLE = False
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " room bigint, starts_at timestamptz, ends_at timestamptz)"
        )
    portions = []
    campus = fill(ROOMS * PER_DAY, portions.append)
    assert sum(portions) == ROOMS * PER_DAY
    client = Client()
    for operation in OPERATIONS:
        answer = ask(client, next(operation.requests(campus)))
        assert answer.status_code in (200, 201), (operation.name, answer.content)
        with override_settings(ROOT_URLCONF="tests.bench.baselines", MIDDLEWARE=[]):
            for name, (requests, _) in operation.baselines.items():
                answer = ask(Client(), next(requests(campus)))
                assert answer.status_code in (200, 201), (name, answer.content)
