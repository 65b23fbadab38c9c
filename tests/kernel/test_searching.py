"""Names that are searched are kept folded beside themselves, and are found as if each were folded for the search."""

import re

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Value
from django.db.models.functions import Concat
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from classrooms.models import Classroom
from groups.models import Group
from kernel.db.searching import folded_fields
from registrations.models import Registration
from tests.factories import make_classroom, make_group, make_user
from tests.factories.timetables import make_course
from tests.migrating import migrate_to_the_end
from timetables.models import Course, Teacher

KEPT = {
    User: ["display_name"],
    Group: ["name"],
    Classroom: ["name"],
    Course: ["code", "name"],
    Teacher: ["name"],
}
NAMES = [
    "Saal 10", "Saal １０", "Café", "Cafe\u0301", "Große Aula", "Ørsted", "Łódź", "ΣΟΦΟΣ", "σοφος", "ﬁlm", "教室",
    "ห้องน้ำ", "50 % _ \\", "İstanbul", "ıssız", "Ǻ", "½", "مُحَمَّد", "שָׁלוֹם", "",
]  # fmt: skip
LETTERS = st.text(
    st.sampled_from(sorted({sign for name in NAMES for sign in name} | set("ABCabcäÄéß％＿"))), max_size=6
)


def test_these_fields_are_kept_folded():
    assert {kind: list(folded_fields(kind)) for kind in KEPT} == KEPT
    assert folded_fields(Registration) == ()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in KEPT.items() for name in names])
@pytest.mark.parametrize("words", ["a", "é", "教", "１０"])
def test_no_row_is_folded_for_a_search(db, kind, name, words):
    plan = kind.objects.filter(**{f"{name}__like_written": words}).explain(verbose=True)
    (condition,) = re.findall(r"Filter: (.*)", plan)
    assert "folded" in condition
    assert not re.search(r"normalize|upper|replace|octet", condition)


def test_what_a_relation_leads_to_is_searched_by_the_same_column(db):
    plan = Registration.objects.filter(group__name__like_written="é").explain(verbose=True)
    assert "name_folded" in plan
    assert "regexp_replace" not in plan


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(NAMES), LETTERS), min_size=1, max_size=8),
    st.one_of(st.sampled_from(NAMES), LETTERS),
)
def test_it_finds_what_folding_each_row_finds(db, names, words):
    Teacher.objects.all().delete()
    Teacher.objects.bulk_create(Teacher(name=f"{name}{place}") for place, name in enumerate(names))
    computed = Teacher.objects.annotate(said=Concat(F("name"), Value("")))
    for part in (words, words[:2], words.upper(), words.lower()):
        found = set(Teacher.objects.filter(name__like_written=part).values_list("pk", flat=True))
        assert found == set(computed.filter(said__like_written=part).values_list("pk", flat=True))


def test_a_new_name_is_found_from_its_own_statement_on(db):
    group = make_group("Chess")
    assert not Group.objects.filter(name__like_written="schách").exists()
    Group.objects.filter(pk=group.pk).update(name="Schach")
    assert Group.objects.filter(name__like_written="schách").exists()
    assert not Group.objects.filter(name__like_written="chess").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("app", "kind", "name", "make"),
    [
        ("accounts", User, "display_name", lambda: make_user(display_name="Zoë")),
        ("groups", Group, "name", lambda: make_group("Zoë")),
        ("classrooms", Classroom, "name", lambda: make_classroom("Zoë")),
        ("timetables", Course, "name", lambda: make_course("X-1", name="Zoë")),
    ],
)
def test_names_that_are_there_are_folded_by_the_migration_and_kept_when_it_is_undone(app, kind, name, make):
    row = make()
    loader = MigrationExecutor(connection).loader
    (adding,) = (node for node in loader.graph.nodes if node[0] == app and node[1].endswith("_names_are_kept_folded"))
    before = [parent.key for parent in loader.graph.node_map[adding].parents if parent.key[0] == app]
    MigrationExecutor(connection).migrate(before)
    try:
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, kind._meta.db_table)
            assert not [column.name for column in columns if column.name.endswith("_folded")]
            cursor.execute(f"SELECT {name} FROM {kind._meta.db_table} WHERE id = %s", [row.pk])
            assert cursor.fetchone() == ("Zoë",)
    finally:
        migrate_to_the_end()
    assert list(kind.objects.filter(**{f"{name}__like_written": "zoe"})) == [row]
