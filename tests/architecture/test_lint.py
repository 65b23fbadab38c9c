"""The layers are linted (`make lint`): here a copy of the tree breaks each promise once, and lint says so."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

from tests.architecture.drawing import DRAWING, draw
from tests.architecture.writes import writes_in

ROOT = Path(__file__).resolve().parent.parent.parent
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
APPS = CONTRACTS["Inside every app"]["containers"]
# {file: what is added to it}: each breaks one promise.
MUTANTS = {
    **{f"{app}/handy.py": "" for app in [*APPS, "kernel", "dialects"]},
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
}
SAID = [
    *(f"{app}.handy" for app in [*APPS, "kernel", "dialects"]),
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
]


def lint(folder: Path) -> tuple[int, str]:
    """Exit status and output of import-linter on a tree, without its cache."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=100)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What lint says of a copy in which every promise is broken."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "architecture", copy / "tests" / "architecture")
    (copy / "tests" / "__init__.py").touch()
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
    layers = {name for layer in CONTRACTS["The house is layered"]["layers"] for name in layer.split(" | ")}
    assert layers == packages


def test_every_app_with_tables_or_routes_has_the_layers():
    ours = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert set(APPS) == {name for name in ours if name not in {"cspace", "demo", "kernel"}}


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
        ("values.update(name='x')", []),
        ("super().save(commit)", []),
        ("cursor.execute('SELECT name FROM groups_group FOR UPDATE')", []),
        ("Registration.objects.filter(pk=1).first()", []),
        ("'''DELETE FROM is only prose here'''", []),
    ],
)
def test_a_write_is_told_from_what_only_looks_like_one(tmp_path, source, what):
    file = tmp_path / "module.py"
    file.write_text(source)
    assert [found for _, found in writes_in(file)] == what


def test_the_drawing_shows_the_floors_that_are_linted():
    assert DRAWING.read_text(encoding="utf-8") == draw(), "python -m tests.architecture.drawing"
