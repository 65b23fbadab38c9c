"""What `search` finds: names as people write them, in the API and in the admin alike."""

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from kernel.db.searching import LikeWritten
from tests.factories import make_classroom
from tests.factories.timetables import make_course
from timetables.models import Course

CASES = [
    ("Saal 10", "１０", True),
    ("Saal 10", "ＳＡＡＬ", True),
    ("Saal １０", "10", True),
    ("Café", "cafe", True),
    ("Cafe", "CAFÉ", True),
    ("Café", "cafe\u0301", True),
    ("Grüner Saal", "gruner", True),
    ("Große Aula", "GROSSE", True),
    ("Grosse Aula", "große", True),
    ("Ørsted", "orsted", True),
    ("Łódź", "lodz", True),
    ("ΣΟΦΟΣ", "σοφος", True),
    ("ﬁlm", "film", True),
    ("教室", "教室", True),
    ("ห้องน้ำ", "ห้อง", True),
    ("Saal 10", "saal 1", True),
    ("Saal 10", " saal ", True),
    ("Saal 10", "11", False),
    ("Saal 10", "%", False),
    ("Saal 10", "_", False),
    ("Saal 10", "％", False),
    ("Saal 10", "＿", False),
    ("Saal 10", "\\", False),
    ("Saal 10", "＼", False),
]


@pytest.mark.parametrize(("name", "words", "is_there"), CASES)
def test_a_search(name, words, is_there, api, cspace):
    make_classroom(name)
    make_course("X-1", name=name)
    for path in ("classrooms/", "courses/"):
        response = api(cspace).client.get(
            f"/api/v1/{path}", {"search": words}, headers={"Authorization": bearer(api, cspace)}
        )
        assert ([row["name"] for row in response.json()["results"]] == [name]) is is_there
    client = Client()
    client.force_login(cspace)
    for page in ("/admin/classrooms/classroom/", "/admin/timetables/course/"):
        shown = client.get(page, {"q": words}).context["cl"].queryset
        assert (shown.count() == 1) is is_there


def bearer(api, user):
    import uuid

    from accounts.services.tokens import issue_access

    return f"Bearer {issue_access(user, family=uuid.uuid4())}"


def test_a_course_is_found_by_its_code_too(api, cspace):
    make_course("CS-１０１", name="Analysis")
    assert [row["code"] for row in api(cspace).get("courses/?search=cs-101").json()["results"]] == ["CS-１０１"]


def test_what_is_searched_may_be_an_expression_with_values_of_its_own(db):
    make_course("X-1", name="Café")
    make_course("X-2", name="Cafe")
    said = Course.objects.annotate(said=Concat(Value("50 % of "), "name"))
    assert said.filter(said__like_written="% OF CAFÉ").count() == 2
    assert said.filter(said__like_written="% of tea").count() == 0


def test_the_lookup_is_known_to_querysets(db):
    make_course("X-1", name="Café")
    assert Course.objects.filter(**{f"name__{LikeWritten.lookup_name}": "CAFE"}).exists()
