"""What apps make known to the process is watched by every test (`tests.registries`)."""

import ast
from pathlib import Path

import pytest

from kernel import jobs, phrases
from tests.registries import REGISTRIES, changed, registered

ROOT = Path(__file__).resolve().parents[2]
REMEMBERED = {
    "bundled_postgres._descriptors",
    "bundled_postgres.backend.base._servers",
    "kernel.api.negotiation._remembered",
}
"""Of what has been done already: it is nobody's declaration."""


def test_whatever_is_left_behind_is_named():
    job, before = jobs.Job(name="tests.left_behind", do=print), registered()
    phrases.declare({"tests.left_behind": phrases.Phrase("Left behind.")})
    jobs.register(job)
    after = registered()
    jobs.unregister(job)
    phrases.forget("tests.left_behind")
    assert list(changed(before, after)) == [
        "kernel.jobs._registry: added ['tests.left_behind'], gone []",
        "kernel.phrases._sentences: added ['tests.left_behind'], gone []",
    ]
    assert list(changed(before, registered())) == []


def test_another_value_under_the_same_name_is_seen_too():
    before = registered()
    kind = next(iter(before["kernel.phrases._sentences"]))
    after = before | {"kernel.phrases._sentences": before["kernel.phrases._sentences"] | {kind: phrases.COMMA}}
    assert list(changed(before, after)) == ["kernel.phrases._sentences: another order, or other values"]


def empty_at_first(path):
    """Names of a module that begin as an empty list or dictionary and are filled later."""
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                if ast.unparse(value) in ("[]", "{}"):
                    yield ast.unparse(target)


@pytest.fixture(scope="module")
def filled_later():
    """Those of all modules of the product."""
    folders = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    modules = [path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts]
    return {
        f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__')}.{name}"
        for path in modules
        for name in empty_at_first(path)
    }


def test_every_registry_there_is_is_watched(filled_later):
    watched = {f"{module.__name__}.{name}" for module, name in REGISTRIES}
    assert filled_later - REMEMBERED == watched
