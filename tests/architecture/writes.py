"""A contract for import-linter: what changes rows stands in the modules that may. Imports alone cannot say it,
because a view that reads by a model imports the same model as one that writes by it.

It reads the source, so it cannot follow a value through calls; it goes by names, and by what a name was assigned.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression

OF_ROWS = frozenset(
    {"create", "update", "delete", "save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
)
OF_ROWS_OR_ASYNC = OF_ROWS | {f"a{name}" for name in OF_ROWS}
NO_ROWS = frozenset({"bar", "digest"})
"""A progress bar and a hash have an `update` too. A dictionary has `|=`, which reads better."""
OF_RELATIONS = frozenset({"add", "set", "clear", "remove", "aadd", "aset", "aclear", "aremove"})
"""A set has these too: writes only where the value is a relation of a model."""
BY_NAME = frozenset({"getattr", "methodcaller"})
OBJECT = r"(?:TABLE|INDEX|SEQUENCE|VIEW|TRIGGER|FUNCTION|TYPE|EXTENSION|SCHEMA|ROLE|DATABASE|CONSTRAINT)\b"
STATEMENT = re.compile(
    rf"""(?: ^ | [;()] | \bANALYZE\b )
    (?: \s | /\* .*? \*/ | --[^\n]*(?:\n|$) )*
    (?P<verb> INSERT\s+INTO | UPDATE\s+\S.*?\sSET\b | DELETE\s+FROM | TRUNCATE\b | MERGE\s+INTO
      | COPY\s+\S+\s*(?:\(.*?\)\s*)?FROM\b | (?:DROP|ALTER|CREATE)\s+(?:\w+\s+){{0,2}}?{OBJECT} )
    | (?P<function> \bsetval\s*\( )""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


class WritesContract(Contract):
    """Refuses what writes, through the ORM or in SQL, outside of `allowed_modules` and what lies below them.

    `allowed_classes`: `module.Class`, for a class that Django's own design makes a writer.
    """

    type_name = "writes"
    allowed_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed_classes = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed = {
            module.name
            for module in module_expressions_to_modules(graph, cast(set[ModuleExpression], self.allowed_modules))
        }
        sources = {module: source for module in sorted(graph.modules) if (source := source_of(module))}
        relations = relations_in(source for module, source in sources.items() if module.endswith(".models"))
        classes = cast(set[str], self.allowed_classes or set())
        writes = [
            (module, line, what)
            for module, source in sources.items()
            if not is_below(module, allowed)
            for line, what in writes_in(source, relations=relations, but_for=classes_of(module, classes))
        ]
        return ContractCheck(kept=not writes, metadata={"writes": writes})

    def render_broken_contract(self, check: ContractCheck) -> None:
        writes: list[tuple[str, int, str]] = cast(dict[str, Any], check.metadata)["writes"]
        for module, line, what in writes:
            output.print_error(f"{module} (l. {line}) writes: {what}. Call a service.")


def source_of(module: str) -> Path | None:
    """The file of a module of this checkout, seen from its root; None for anybody else's."""
    path = Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def is_below(module: str, packages: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:depth]) in packages for depth in range(1, len(parts) + 1))


def classes_of(module: str, classes: set[str]) -> set[str]:
    """The names of those of the classes that stand in a module."""
    return {name.rpartition(".")[2] for name in classes if name.rpartition(".")[0] == module}


def relations_in(models: Iterable[Path]) -> set[str]:
    """By which names the models reach rows of one another: related names and many-to-many fields."""
    names: set[str] = set()
    for file in models:
        for node in ast.walk(parse(file)):
            if isinstance(node, ast.keyword) and node.arg == "related_name" and isinstance(node.value, ast.Constant):
                names.add(str(node.value.value))
            elif isinstance(node, ast.Assign) and "ManyToManyField" in names_in_chain(node.value):
                names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def writes_in(file: Path, *, relations: Iterable[str] = (), but_for: Iterable[str] = ()) -> Iterator[tuple[int, str]]:
    """(line, what it is) of each write in a source file, but for those in the classes `but_for`."""
    tree = parse(file)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ClassDef) and node.name in but_for)]
    rows = names_of_rows(tree, {*relations, "objects"})
    inside_text = {id(part) for node in ast.walk(tree) if is_text(node) for part in ast.walk(node) if part is not node}
    inside_text |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # prose
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_write(node, rows):
            yield node.lineno, f".{node.attr}()"
        elif isinstance(node, ast.Call) and (name := method_by_name(node)):
            yield node.lineno, f".{name}()"
        elif is_text(node) and id(node) not in inside_text and (statement := STATEMENT.search(text_of(node))):
            yield node.lineno, (statement["verb"] or statement["function"]).split("(")[0].split()[0].upper()


def is_write(method: ast.Attribute, rows: set[str]) -> bool:
    """Whether a mention of a method, called or handed on, is one of a write."""
    value = method.value
    if method.attr in OF_ROWS_OR_ASYNC:
        is_super = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "super"
        return not is_super and not (isinstance(value, ast.Name) and value.id in NO_ROWS)
    return method.attr in OF_RELATIONS and is_rows(value, rows)


def is_rows(value: ast.expr, rows: set[str]) -> bool:
    last = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""
    return last in rows or last.endswith("_set")


def names_of_rows(tree: ast.Module, relations: set[str]) -> set[str]:
    """The relations, and the variables that one of them was assigned to."""
    names = set(relations)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(node.value, ast.Attribute) and is_rows(node.value, relations):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def method_by_name(call: ast.Call) -> str | None:
    """The write in `getattr(row, "save")` and `methodcaller("delete")`."""
    if not (names_in_chain(call.func) | {getattr(call.func, "id", "")}) & BY_NAME:
        return None
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return next((str(text) for text in texts if text in OF_ROWS_OR_ASYNC), None)


def is_text(node: ast.AST) -> bool:
    """Whether it is a piece of text: a literal, an f-string, a sum of such or one with `%`."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and (is_text(node.left) or is_text(node.right))
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def text_of(node: ast.AST) -> str:
    """A piece of text with `x` for what is only known at run time."""
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + ("" if isinstance(node.op, ast.Mod) else text_of(node.right))
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.Constant):
        return node.value.decode("utf-8", "replace") if isinstance(node.value, bytes) else str(node.value)
    return "x"


def names_in_chain(node: ast.expr) -> set[str]:
    """The attributes of `a.b(…).c`: {"b", "c"}."""
    names: set[str] = set()
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
            node = node.value
        else:
            node = node.func
    return names
