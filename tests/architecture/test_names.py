"""Names mean one thing in the whole house, and say what is inside rather than what was done to it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.test_lint import LINTER, ROOT

SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for package in LINTER["root_packages"]
    for path in sorted((ROOT / package).rglob("*.py"))
}
PARTICIPLES = frozenset(
    [
        "asked",
        "chosen",
        "found",
        "given",
        "held",
        "kept",
        "known",
        "made",
        "named",
        "said",
        "seen",
        "sent",
        "shown",
        "told",
        "wanted",
    ]
)
PUBLISHED = "allocations/draw.py"
"""People verify draws with copies of this file: its bytes stay, private names among them."""
NAMES_OF_DJANGO = {
    "Command": "Django looks for a management command under this name",
    "Migration": "Django looks for a migration under this name",
}
TYPE_NAME = re.compile(r"_?[A-Z]([A-Za-z0-9]*[a-z][A-Za-z0-9]*)?")
"""As opposed to CONSTANTS; one capital letter is a type variable."""


def types_of(source: str) -> Iterator[tuple[str, str]]:
    """The classes, aliases and type variables at the top of a module: (name, what it is)."""
    for statement in ast.parse(source).body:
        match statement:
            case ast.ClassDef(name=name):
                yield name, f"a class: {ast.unparse(statement)}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if TYPE_NAME.fullmatch(name):
                yield name, ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if TYPE_NAME.fullmatch(name):
                yield name, ast.unparse(value)


def ambiguities(sources: dict[str, str]) -> dict[str, list[str]]:
    """{name: the files where it means something}, of the names that do not mean the same everywhere."""
    meanings = defaultdict[str, dict[str, str]](dict)
    for file, source in sources.items():
        for name, meaning in types_of(source):
            if file == PUBLISHED and name.startswith("_"):
                continue
            meanings[name.strip("_")][file] = f"{file}: {meaning}" if meaning.startswith("a class: ") else meaning
    return {
        name: sorted(by_file)
        for name, by_file in meanings.items()
        if len(set(by_file.values())) > 1 and name not in NAMES_OF_DJANGO
    }


def participles_in(source: str) -> Iterator[tuple[int, str]]:
    """Variables, parameters, constants and functions of a module whose name is a participle: (line, name).

    Neither fields nor methods of classes: those may be words of the wire, or read as an adjective of their object.
    """
    tree = ast.parse(source)
    members = {id(member) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for member in _members(node)}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.arg(arg=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.alias(asname=str(name))
            ):
                if name.strip("_").lower() in PARTICIPLES and id(node) not in members:
                    yield node.lineno, name


def _members(node: ast.ClassDef) -> Iterable[ast.AST]:
    """What a class body itself defines: its methods, and the targets of its fields."""
    for statement in node.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield statement
            case ast.AnnAssign(target=target):
                yield target
            case ast.Assign(targets=targets):
                yield from targets


def test_a_class_or_an_alias_means_the_same_wherever_its_name_stands():
    assert ambiguities(SOURCES) == {}


def test_what_django_asks_for_by_name_is_there_more_than_once():
    names = [name for source in SOURCES.values() for name, _ in types_of(source)]
    assert [name for name in NAMES_OF_DJANGO if names.count(name) < 2] == []


def test_a_name_says_what_is_inside():
    names = {file: list(participles_in(source)) for file, source in SOURCES.items() if file != PUBLISHED}
    assert {file: places for file, places in names.items() if places} == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("class Row: pass", "class Row: pass"),
        ("class Row: pass", "class _Row: pass"),
        ("_Row = dict[str, int]", "Row = dict[str, str]"),
        ("class Row: pass", "Row = dict[str, int]"),
        ("Row = dict[str, int]", "Row = dict[str, str]"),
        ("Row = dict[str, int]", "Row: TypeAlias = list[int]"),
        ("Row = dict[str, int]", "Row = TypeVar('Row')"),
        ("T = TypeVar('T')", "T = ParamSpec('T')"),
        ("T = TypeVar('T')", "T = TypeVar('T', bound=Model)"),
    ],
)
def test_two_meanings_of_a_name_are_noticed(one, other):
    assert len(ambiguities({"one.py": one, "other.py": other})) == 1


def test_the_same_alias_twice_and_constants_are_no_ambiguity():
    aliases = "R = TypeVar('R')\nProgress = Callable[[int], object]\n"
    assert ambiguities({"one.py": f"{aliases}MAX_ROWS = 1", "other.py": f"{aliases}MAX_ROWS = 2"}) == {}


@pytest.mark.parametrize(
    "source",
    [
        "wanted = 1",
        "WANTED = 1",
        "_held: dict[str, int] = {}",
        "for seen in range(3): pass",
        "rows = [known for known in range(3)]",
        "if (found := look()): pass",
        "with opened() as held: pass",
        "def wanted(values): return values",
        "def rows(wanted): return wanted",
        "async def chosen(values): return values",
        "from rows import rows as said",
        "import rows.found as found",
        "def rows(*, given=None): return given",
        "class Rows:\n    def of(self):\n        kept = 1\n        return kept",
    ],
)
def test_a_participle_is_noticed(source):
    assert len(list(participles_in(source))) == 1


def test_fields_methods_and_adjectives_are_no_participles():
    source = "class Counts:\n    kept: int = 0\n    def named(self): return self.kept\nkept_dates = Counts(kept=1).kept"
    assert list(participles_in(source)) == []
