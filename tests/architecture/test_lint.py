"""The layers are linted (`make lint`): here a copy of the tree breaks each promise once, and lint says so."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

from tests.architecture.drawing import DRAWING, ROOMS, draw
from tests.architecture.relations import OF_DJANGO, relations_in
from tests.architecture.writes import writes_in

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
LINTER, MYPY = TOOLS["importlinter"], TOOLS["mypy"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
APPS = CONTRACTS["Inside every app"]["containers"]
NO_APPS = {"cspace", "demo", "serving", "dialects", "web", "sso", "kernel", "bundled_postgres"}
WHAT_LEAVES = {"mail", "webhooks"}
"""They carry outside what the listeners have written."""
PACKAGES = sorted({*APPS, *NO_APPS} - {"bundled_postgres"})
"""Those in which every module has a place of its own; nothing of the house runs inside the bundled server."""
# {file: what is added to it}: each breaks one promise.
MUTANTS = {
    **{f"{package}/handy.py": "" for package in PACKAGES},
    "registrations/api/views.py": "def confirm():\n    Registration.objects.filter(pk=1).update(status='approved')\n",
    "groups/queries/recipients.py": "SQL = 'DELETE FROM groups_usergroup WHERE id = %s'\n",
    "classrooms/querysets.py": "from classrooms.models import Classroom\n",
    "classrooms/rules.py": "from django.db import connection\n",
    "registrations/facts/registrations.py": "from registrations.models import Registration\n",
    "registrations/services/booking.py": "from rest_framework.response import Response\n",
    "groups/services/groups.py": "from kernel.api.fields import IdField\n",
    "kernel/names.py": "from groups.models import Group\n",
    "accounts/rules.py": "from groups.rules import may_see\n",
    "timetables/queries/plans.py": "from notifications.models import Notification\n",
    "kernel/api/parsers.py": "from kernel.api.schema import EnvelopeAutoSchema\n",
    "registrations/rules.py": "from classrooms.queries.rooms import classroom_named\n",
    "allocations/rules.py": "from kernel.throttling import count_try\n",
    "registrations/queries/series.py": "from groups.services.groups import create_group\n",
    "registrations/services/deciding.py": "from groups.admin import site\n",
    "registrations/facts/series.py": "from groups.models import Group\n",
    "allocations/facts/draw.py": "from django.db import connection\n",
    "classrooms/queries/agenda.py": "def cross_out(room):\n    room.occupancies.clear()\n",
    "auditlog/models/rows.py": "class Team(models.Model):\n    people = models.ManyToManyField('Team')\n",
    "auditlog/api/views.py": "def join(team, person):\n    team.people.add(person)\n",
    "groups/draw.py": "def forget(team):\n    team.delete()\n",
    "accounts/api/views.py": "from django.core.management import call_command\n",
    "allocations/queries/manifest.py": "from kernel.db.deletion import delete_unreferenced\n",
    "timetables/queries/catalogue.py": "from kernel.throttling import count_try\n",
    "groups/querysets.py": "from kernel.idempotency import claim\n",
    "classrooms/queries/rooms.py": "from kernel.db.grants import grant_to\n",
    "timetables/models.py": "from classrooms.queries.rooms import classroom_named\n",
    "timetables/querysets.py": "from classrooms.models import Classroom\n",
    "registrations/querysets.py": "from classrooms.queries.rooms import classroom_named\n",
    "timetables/enums.py": "from classrooms.rules import slot_faults\n",
    "registrations/enums.py": "from kernel.clock import now\n",
    "timetables/facts.py": "from classrooms.rules import slot_faults\n",
    "allocations/services/progress.py": "from accounts.api.views import AuthViewSet\n",
    "allocations/services/events.py": "from classrooms.importing import table\n",
    "timetables/importing/lectures.py": "from classrooms.apps import ClassroomsConfig\n",
    "allocations/api/urls.py": "from groups.admin import site\n",
    "groups/services/provider_groups.py": "from allauth.socialaccount.models import SocialAccount\n",
    "web/front_page.py": "from classrooms.models import Classroom\n",
    "web/published_schema.py": "from kernel.db.locks import lock_namespace\n",
    "dialects/registry.py": "from timetables.admin import lectures\n",
    "registrations/services/changing.py": "from procrastinate import App\n",
    "timetables/rules.py": "import random\nimport os\nfrom time import time\nfrom urllib.request import urlopen\n",
}
SAID = [
    *(f"{package}.handy" for package in PACKAGES),
    "registrations.api.views (l. ",
    "groups.queries.recipients (l. ",
    "classrooms.querysets -> classrooms.models",
    "classrooms.rules -> django",
    "registrations.facts.registrations -> registrations.models",
    "registrations.services.booking -> rest_framework",
    "groups.services.groups -> kernel.api.fields",
    "kernel.names -> groups.models",
    "accounts.rules -> groups.rules",
    "timetables.queries.plans -> notifications.models",
    "No cycles are allowed in kernel.api",
    "registrations.rules -> classrooms.queries.rooms",
    "allocations.rules -> kernel.throttling",
    "registrations.queries.series -> groups.services.groups",
    "registrations.services.deciding -> groups.admin",
    "registrations.facts.series -> groups.models",
    "allocations.facts.draw -> django",
    "classrooms.queries.agenda (l. ",
    "auditlog.api.views (l. ",
    "groups.draw (l. ",
    "accounts.api.views (l. ",
    "allocations.queries.manifest -> kernel.db.deletion",
    "timetables.queries.catalogue -> kernel.throttling",
    "groups.querysets -> kernel.idempotency",
    "classrooms.queries.rooms -> kernel.db.grants",
    "timetables.models -> classrooms.queries.rooms",
    "timetables.querysets -> classrooms.models",
    "registrations.querysets -> classrooms.queries.rooms",
    "timetables.enums -> classrooms.rules",
    "registrations.enums -> kernel.clock",
    "timetables.facts -> classrooms.rules",
    "allocations.services.progress -> accounts.api.views",
    "allocations.services.events -> classrooms.importing",
    "timetables.importing.lectures -> classrooms.apps",
    "allocations.api.urls -> groups.admin",
    "groups.services.provider_groups -> allauth",
    "web.front_page -> classrooms.models",
    "web.published_schema -> kernel.db.locks",
    "dialects.registry -> timetables.admin",
    "registrations.services.changing -> procrastinate",
    *(f"timetables.rules -> {module}" for module in ("random", "os", "time", "urllib")),
]


def lint(folder: Path) -> tuple[int, str]:
    """Exit status and output of import-linter on a tree, without its cache."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=100)
    return run.returncode, run.stdout + run.stderr


def split_models(app: Path) -> None:
    """Make a package of the models of an app, which the contracts are to read as they read a module."""
    source = (app / "models.py").read_text(encoding="utf-8")
    (app / "models.py").unlink()
    (app / "models").mkdir()
    (app / "models" / "rows.py").write_text(source, encoding="utf-8")
    (app / "models" / "__init__.py").write_text(f"from {app.name}.models.rows import *\n", encoding="utf-8")


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What lint says of a copy in which every promise is broken."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "architecture", copy / "tests" / "architecture")
    (copy / "tests" / "__init__.py").touch()
    split_models(copy / "auditlog")
    assert lint(copy)[0] == 0
    for name, added in MUTANTS.items():
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{added}")
    status, output = lint(copy)
    assert status == 1
    return output


@pytest.mark.parametrize("sentence", SAID)
def test_a_broken_promise_is_refused(broken, sentence):
    assert sentence in broken


def test_every_package_of_ours_is_linted():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert set(LINTER["root_packages"]) == packages
    assert set(CONTRACTS["No circles between modules"]["ancestors"]) == packages
    floors = [layer.split(" | ") for layer in CONTRACTS["The house is layered"]["layers"]]
    assert {name for floor in floors for name in floor} == packages
    listeners = CONTRACTS["Domain apps do not know the listeners"]
    above = floors[: floors.index(listeners["forbidden_modules"])]
    assert listeners["source_modules"] == [
        name for floor in above[1:] for name in floor if name not in ("web", "serving", *WHAT_LEAVES)
    ]
    assert set(APPS) < set(CONTRACTS["Pages ask the published API"]["forbidden_modules"])
    assert set(MYPY["files"]) == packages
    assert {path.name for path in ROOT.glob("*.py")} == {"manage.py"}, "a module beside the packages is in no contract"


def test_the_project_has_only_what_nobody_else_can_have():
    """Settings, routes, both entry points, what stands around every request, the engine of the jobs, and commands."""
    assert len(list((ROOT / "cspace").rglob("*.py"))) <= 17


def test_every_app_is_installed_and_has_the_layers():
    installed = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert set(APPS) == set(LINTER["root_packages"]) - NO_APPS
    assert set(APPS) == installed - NO_APPS


def refused_between_apps() -> set[tuple[str, str]]:
    """(role, role that it may not import in any app)."""
    return {
        (source.removeprefix("*."), forbidden.removeprefix("*."))
        for contract in CONTRACTS.values()
        if contract["type"] == "forbidden"
        for source in contract["source_modules"]
        for forbidden in contract["forbidden_modules"]
        if source.startswith("*.") and forbidden.startswith("*.")
    }


def test_what_a_role_may_not_know_in_its_app_it_may_not_know_in_another():
    floors = [layer.replace("(", "").replace(")", "").split(" | ") for layer in CONTRACTS["Inside every app"]["layers"]]
    above = {
        (role, higher) for at, floor in enumerate(floors) for role in floor for roles in floors[:at] for higher in roles
    }
    assert above - refused_between_apps() == set()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("Registration.objects.create(status='x')", [".create()"]),
        ("Registration.objects.live().filter(pk=1).delete()", [".delete()"]),
        ("registration.delete()", [".delete()"]),
        ("registration.save(update_fields=['status'])", [".save()"]),
        ("Group.objects.bulk_create([])", [".bulk_create()"]),
        ("cursor.execute('UPDATE groups_group SET name = %s')", ["UPDATE"]),
        ("cursor.execute('WITH gone AS (DELETE FROM groups_group RETURNING id) SELECT 1')", ["DELETE"]),
        ("room.occupancies.create(kind='lecture')", [".create()"]),
        ("room.occupancies.add(row)", [".add()"]),
        ("rows = room.occupancies\nrows.clear()", [".clear()"]),
        ("group.usergroup_set.remove(row)", [".remove()"]),
        ("user.groups.set([])", [".set()"]),
        ("rows = Registration.objects.live()\nrows.update(status='x')", [".update()"]),
        ("Registration.objects.ending_after(now).update(status='x')", [".update()"]),
        ("manager = Registration.objects\nmanager.create()", [".create()"]),
        ("Registration._base_manager.update(status='x')", [".update()"]),
        ("await registration.asave()", [".asave()"]),
        ("await Registration.objects.acreate()", [".acreate()"]),
        ("await rows.aupdate(status='x')", [".aupdate()"]),
        ("await rows.adelete()", [".adelete()"]),
        ("getattr(registration, 'save')()", [".save()"]),
        ("operator.methodcaller('delete')(registration)", [".delete()"]),
        ("run(registration.save)", [".save()"]),
        ("class Rows(QuerySet):\n    def end(self):\n        return self.update(status='x')", [".update()"]),
        ("cursor.execute('update groups_group set name = %s')", ["UPDATE"]),
        ("cursor.execute(f'UPDATE {table} SET name = %s')", ["UPDATE"]),
        ("cursor.execute('DELETE ' + 'FROM groups_group')", ["DELETE"]),
        ("cursor.execute('DELETE FROM %s' % table)", ["DELETE"]),
        ("cursor.execute('/* gone */ DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('-- gone\\nDELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('SELECT 1; DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('EXPLAIN ANALYZE DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute(b'DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('MERGE INTO groups_group USING x ON true')", ["MERGE"]),
        ("cursor.execute('DROP TABLE groups_group')", ["DROP"]),
        ("cursor.execute('CREATE UNIQUE INDEX x ON groups_group (id)')", ["CREATE"]),
        ("cursor.execute('ALTER TABLE groups_group DISABLE TRIGGER ALL')", ["ALTER"]),
        ("cursor.execute(\"SELECT setval('groups_group_id_seq', 1)\")", ["SETVAL"]),
        ("cursor.execute('COPY groups_group (name) FROM STDIN')", ["COPY"]),
        ("user.user_permissions.add(row)", [".add()"]),
        ("group.permissions.set([])", [".set()"]),
        ("rows, number = room.occupancies, 1\nrows.add(row)", [".add()"]),
        ("number, (rows, *rest) = 1, (room.occupancies, 2)\nrows.add(row)", [".add()"]),
        ("for rows in [room.occupancies]:\n    rows.add(row)", [".add()"]),
        ("both = [rows.clear() for rows in (room.occupancies, user.groups)]", [".clear()"]),
        ("rows = room.occupancies\nsame = rows\nsame.clear()", [".clear()"]),
        ("rows = room.occupancies if room else None\nrows.clear()", [".clear()"]),
        ("(room or other).occupancies.clear()", [".clear()"]),
        ("[room.occupancies][0].clear()", [".clear()"]),
        ("getattr(room, 'occupancies').clear()", [".clear()"]),
        ("User.objects.create_user('x')", [".create_user()"]),
        ("rows._raw_delete('default')", ["._raw_delete()"]),
        ("rows._update({})", ["._update()"]),
        ("registration.save_base(raw=True)", [".save_base()"]),
        ("getattr(registration, 'save_base')()", [".save_base()"]),
        ("connection.schema_editor()", [".schema_editor()"]),
        ("from django.core.management import call_command\ncall_command('flush')", ["call_command"]),
        ("management.call_command(command)", ["call_command"]),
        ("from django.core.management import call_command as run\nrun('loaddata', file)", ["call_command"]),
        ("digest = Team.objects.get()\ndigest.delete()", [".delete()"]),
        ("bar = Team.objects.live()\nbar.update(name='x')", [".update()"]),
        ("digest = sha256()\ndigest.update(b'x')\ndigest = Team.objects.live()", [".update()"]),
        ("def step(bar):\n    bar.update(name='x')", [".update()"]),
        ("digest = sha256()\ndigest.delete()", [".delete()"]),
        ("class Team(Model):\n    def rename(self):\n        super().save()", [".save()"]),
        ("class Team(Model):\n    def save(self):\n        super().delete()", [".delete()"]),
        ("super().save(commit)", [".save()"]),
        ("cursor.execute('DO $$ BEGIN DELETE FROM groups_group; END $$')", ["DO"]),
        ("cursor.execute('DO LANGUAGE plpgsql $x$ BEGIN END $x$')", ["DO"]),
        ("cursor.execute('PREPARE gone AS DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('PREPARE gone (int, text) AS DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('EXPLAIN (ANALYZE, BUFFERS) DELETE FROM groups_group')", ["DELETE"]),
        ("cursor.execute('SELECT name INTO copies FROM groups_group')", ["SELECT"]),
        ("cursor.execute('REFRESH MATERIALIZED VIEW CONCURRENTLY agenda')", ["REFRESH"]),
        ("cursor.execute('GRANT SELECT ON groups_group TO somebody')", ["GRANT"]),
        ("cursor.execute('REVOKE ALL ON groups_group FROM somebody')", ["REVOKE"]),
        ("cursor.execute('CALL forget_everything(1)')", ["CALL"]),
        ("cursor.execute(\"SELECT nextval('groups_group_id_seq')\")", ["NEXTVAL"]),
        ("class Makes:\n    def one(self):\n        self.save()", []),
        ("class Team(Model):\n    def save(self, commit):\n        super().save(commit)", []),
        ("class Team(Model):\n    async def asave(self):\n        await super().asave()", []),
        ("cursor.execute('LOCK TABLE groups_group IN SHARE MODE')", []),
        ("cursor.execute('INSTEAD OF: SELECT name FROM groups_group WHERE note = x')", []),
        ("for rows in room.occupancies:\n    names.add(rows)", []),
        ("values |= {'name': 'x'}", []),
        ("with tqdm(total=2) as bar:\n    bar.update(1)\n    run(bar.update)", []),
        ("digest = hashlib.sha256(b'')\ndigest.update(b'x')", []),
        ("names = set()\nnames.add('x')", []),
        ("cursor.execute('COPY groups_group (name) TO STDOUT')", []),
        ("'Delete (only rooms never used)'.lower()", []),
        ("cursor.execute('SELECT name FROM groups_group FOR UPDATE')", []),
        ("Registration.objects.filter(pk=1).first()", []),
        ("'''DELETE FROM is only prose here'''", []),
    ],
)
def test_a_write_is_told_from_what_only_looks_like_one(tmp_path, source, what):
    file = tmp_path / "module.py"
    file.write_text(source)
    writes = writes_in(file, relations=["occupancies", "groups"], but_for=["Makes"])
    assert [write for _, write in writes] == what


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\n\nprint(datetime.now(None))\n",
        "import datetime as dt\n\nprint(dt.datetime.today())\n",
        "from datetime import date\n\nprint(date.today())\n",
        "from time import time\n",
        "import time\n\nprint(time.time_ns())\n",
        "from django.utils import timezone\n\nprint(timezone.localdate())\n",
        "from rest_framework.generics import CreateAPIView\n",
        "from rest_framework import generics\n",
        "from rest_framework import mixins\n",
        "from rest_framework import viewsets\n\nprint(viewsets.ModelViewSet)\n",
        "from rest_framework.viewsets import GenericViewSet\n",
        "from django.views.generic.edit import DeletionMixin\n",
        "from django.views.generic import UpdateView\n",
    ],
)
@pytest.mark.parametrize("file", ["classrooms/rules.py", "groups/api/views.py"])
def test_a_clock_or_a_view_of_others_that_writes_is_refused(file, source):
    ruff = [Path(sys.executable).with_name("ruff"), "check", "--no-cache", "--select", "TID251"]
    run = subprocess.run([*ruff, "--stdin-filename", file, "-"], cwd=ROOT, input=source, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("field", "relation"),
    [
        ("people = ManyToManyField(User)", "people"),
        ("people: Rows = models.ManyToManyField(User)", "people"),
        ("people: Rows = models.ManyToManyField(User, related_name='teams')", "people teams"),
        ("people: Rows = ForeignKey(User, related_name='teams')", "teams"),
        ("tags = GenericRelation(Tag)", "tags"),
        ("name: str = CharField()", ""),
    ],
)
def test_a_relation_is_known_by_the_field_that_makes_it(tmp_path, field, relation):
    file = tmp_path / "models.py"
    file.write_text(f"class Team(Model):\n    {field}\n")
    assert relations_in([file]) - OF_DJANGO == set(relation.split())


def test_the_drawing_shows_the_floors_that_are_linted():
    assert DRAWING.read_text(encoding="utf-8") == draw(), "python -m tests.architecture.drawing"


def test_an_app_that_the_drawing_has_no_words_for_is_named(monkeypatch):
    monkeypatch.delitem(ROOMS, "groups")
    with pytest.raises(SystemExit, match="what is inside of groups"):
        draw()
