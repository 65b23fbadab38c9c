"""Every request of the benchmark, of ours and of the baselines, is answered; a campus of any size answers alike."""

import json
from itertools import islice

import pytest
from django.db import connection
from django.test import Client, override_settings

from classrooms.models import Occupancy
from notifications.models import Notification
from tests.bench.answering import ask
from tests.bench.filling import AGENDA_DAYS, AGENDA_ROOMS, PER_DAY, ROOMS, grow, settle
from tests.bench.load import asking_whether_it_holds
from tests.bench.mixed import Mix, _rooms
from tests.bench.operations import OPERATIONS, REVALIDATED
from tests.bench.stage import BARE_TABLE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campus(settings):
    settings.CSPACE_THROTTLE = False
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLE.replace("CREATE", "CREATE TEMPORARY"))
    yield settle(ROOMS * PER_DAY)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_bare")


def test_a_campus_grows_to_its_rows_and_keeps_what_it_has(campus):
    portions, full_days = [], Occupancy.objects.filter(starts_at__date=campus.tomorrow).count()
    assert campus.rows == Occupancy.objects.count() == ROOMS * PER_DAY
    large = grow(campus, 3 * ROOMS * PER_DAY, portions.append)
    assert sum(portions) == 2 * ROOMS * PER_DAY
    agendas = AGENDA_ROOMS * PER_DAY * (AGENDA_DAYS - 3)
    assert large.rows == Occupancy.objects.count() == 3 * ROOMS * PER_DAY + agendas
    assert Occupancy.objects.filter(starts_at__date=campus.tomorrow).count() == full_days == ROOMS * PER_DAY
    assert len(large.agenda_rooms) == AGENDA_ROOMS
    assert Notification.objects.filter(user__username="bench-decider").count() == 3 * ROOMS * PER_DAY // 10


def test_every_request_is_answered(campus):
    campus = grow(campus, campus.rows, lambda portion: None)
    client, revalidated = Client(), set()
    for operation in OPERATIONS:
        content = next(operation.requests(campus))
        answer = ask(client, content)
        assert answer.status_code in operation.answers, (operation.name, answer.content)
        if operation.name in REVALIDATED and (tag := answer.get("ETag")):  # a flushed database has no versions
            assert ask(client, asking_whether_it_holds(content, tag)).status_code == 304
            revalidated.add(operation.name)
        with override_settings(ROOT_URLCONF="tests.bench.baselines", MIDDLEWARE=[]):
            for name, (requests, _) in operation.baselines.items():
                answer = ask(Client(), next(requests(campus)))
                assert answer.status_code in (200, 201), (name, answer.content)
    assert "agenda, 600 rows" in revalidated


def test_an_agenda_has_six_hundred_rows_however_few_there_are(campus):
    campus = grow(campus, campus.rows, lambda portion: None)
    (operation,) = (each for each in OPERATIONS if each.name == "agenda, 600 rows")
    days = ask(Client(), next(operation.requests(campus))).json()
    assert json.dumps(days).count("Weekly meeting") == 600
    with override_settings(ROOT_URLCONF="tests.bench.baselines", MIDDLEWARE=[]):
        for name, (requests, _) in operation.baselines.items():
            assert json.dumps(ask(Client(), next(requests(campus))).json()).count("Weekly meeting") == 600, name


@pytest.mark.parametrize("is_crowded", [True, False])
def test_the_mix_goes_by_the_answers(campus, is_crowded):
    mix = Mix(campus, list(_rooms("Mix", 2)), is_crowded=is_crowded)
    client, statuses, methods = Client(), set(), set()
    for content in islice(mix.requests(), 60):
        answer = ask(client, content)
        mix.heard(content, answer.status_code, answer.content)
        statuses.add(answer.status_code)
        methods.add(content.partition(b" ")[0])
    assert methods == {b"POST", b"PUT", b"DELETE"}
    assert {200, 201, 204} <= statuses <= ({200, 201, 204, 404, 409} if is_crowded else {200, 201, 204})
    assert (409 in statuses) == is_crowded
