"""The demo campus, the first admin, the periodic step."""

import datetime as dt
import io
import re

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from auditlog.models import LogEntry
from classrooms.models import Classroom, Occupancy
from cspace.management.commands.run import Command as RunCommand
from groups.models import Group, UserGroup
from kernel import clock
from kernel.models import IdempotencyRecord
from registrations.models import Registration
from tests.dialects.roomie.scenes import make_society
from tests.factories import cspace_group, make_classroom, make_group, make_user
from timetables.models import Course, CourseBooking, CourseSchedule, StudyPlan


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_demo_campus(db, settings, api):
    settings.DEBUG = True
    cspace_group()
    assert run("load_demo") == "The demo campus is loaded.\n"
    models = (User, Classroom, Registration, CourseSchedule, LogEntry)
    counts = [model.objects.count() for model in models]
    assert run("load_demo") == "The demo campus was there already.\n"
    assert [model.objects.count() for model in models] == counts
    assert Classroom.objects.count() == 68
    assert set(Classroom.objects.values_list("floor", flat=True)) == {1, 2, 3}
    assert {"Room A", "101", "102"} <= set(Classroom.objects.values_list("name", flat=True))
    assert {status for (status,) in Registration.objects.values_list("status")} == {
        "pending",
        "approved",
        "rejected",
        "cancelled",
    }
    places = {(p.group.name, p.user.username, p.permissions) for p in UserGroup.objects.with_api_relations()}
    assert {("cspace", "ta217", "admin"), ("522", "hil", "admin"), ("316", "hsinmu", "admin")} <= places
    starts = Occupancy.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert starts[0] < clock.now() - dt.timedelta(days=19)
    assert starts[len(starts) - 1] > clock.now() + dt.timedelta(days=19)
    body = {"username": "hil", "password": "cspace-demo"}
    assert api().post("auth/token/", body).status_code == 200


def test_the_demo_has_a_whole_semester(db, settings):
    settings.DEBUG = True
    cspace_group()
    run("load_demo")
    assert (Course.objects.count(), Course.objects.available().count(), StudyPlan.objects.count()) == (72, 71, 12)
    assert CourseSchedule.objects.count() == 6920
    labels = set(CourseSchedule.objects.values_list("label", flat=True).distinct().order_by())
    assert labels == {"cours", "exercice", "projet", "exam"}
    in_second_building = CourseBooking.objects.filter(classroom__name__startswith="BC").count()
    assert CourseBooking.objects.count() > in_second_building > 1000
    # Joint lectures share their room and time; nothing else does, or the database would have refused it.
    live = Occupancy.objects.live().filter(kind="lecture")
    assert live.values("classroom", "starts_at").distinct().count() < live.count()
    assert LogEntry.objects.get(action="timetable.imported").details["conflict_count"] == 0
    # What the README and the examples book is left free.
    assert not CourseBooking.objects.filter(classroom__name__in=["Room A", "101", "102"]).exists()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: call_command("createadmin", "admin", stdout=io.StringIO()), "user admin"),
        (lambda: make_user("ta217"), "user ta217"),
        (lambda: make_group("522"), "group 522"),
        (lambda: make_group("ＲＥＳＥＡＲＣＨ-team"), "group research-team"),
        (lambda: make_society("Other", "debate"), "group DEBATE"),
        (lambda: make_classroom("ROOM A"), "room Room A"),
        (lambda: make_classroom("Other", code="union-2"), "room UNION-2"),
        (lambda: make_classroom("bc07"), "room BC07"),
        (lambda: make_classroom("Other", code="bc07"), "room BC07"),
        (lambda: (make_user("hil"), make_classroom("101"), make_group("316")), "user hil, group 316, room 101"),
        (lambda: Group.objects.filter(is_system=True).delete(), "cspace group"),
    ],
)
def test_the_demo_is_loaded_wholly_or_refused_in_one_line(db, settings, make, sentence):
    settings.DEBUG = True
    cspace_group()
    make()
    models = (User, Group, UserGroup, Classroom, Registration, LogEntry)
    before = [model.objects.count() for model in models]
    with pytest.raises(CommandError) as refusal:
        run("load_demo")
    assert sentence in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert [model.objects.count() for model in models] == before


def test_the_demo_leaves_a_former_group_of_the_name_alone(db, settings):
    settings.DEBUG = True
    cspace_group()
    former = make_group("522")
    Group.objects.filter(pk=former.pk).update(archived_at=clock.now())
    assert run("load_demo") == "The demo campus is loaded.\n"


def test_the_demo_is_refused_in_production(db, settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        run("load_demo")


def test_the_first_admin(db, api):
    cspace_group()
    said = run("createadmin", "ada", "--display-name", "Ada L")
    password = re.search(r"once: (\S+)", said)[1]
    login = api().post("auth/token/", {"username": "ada", "password": password})
    bearer = {"Authorization": f"Bearer {login.json()['access']}"}
    assert api().get("users/", **bearer).status_code == 200
    for name, sentence in (("ada", "taken"), ("a b", "Letters")):
        with pytest.raises(CommandError, match=sentence):
            run("createadmin", name)


def test_the_periodic_step_forgets_what_is_old(db):
    user = make_user()
    for key, age in (("old", 25), ("new", 23)):
        IdempotencyRecord.objects.create(
            user=user, key=key, fingerprint="x", created_at=clock.now() - dt.timedelta(hours=age)
        )
    assert "kernel.forget_answers: 1\n" in run("tick")
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]


def test_the_server_starts_without_the_demo_where_it_cannot_be_loaded(db, settings):
    settings.DEBUG = True
    cspace_group()
    make_user("admin")
    out, errors = io.StringIO(), io.StringIO()
    RunCommand(stdout=out, stderr=errors, no_color=True).load_demo()
    assert errors.getvalue().startswith(
        "Going on without it: the demo campus needs names that are taken here: user admin."
    )
    assert len(errors.getvalue().splitlines()) == 1
    assert Classroom.objects.count() == 0
