"""A contract for import-linter: what changes rows stands in the modules that may. Imports alone cannot say it,
because a view that reads by a model imports the same model as one that writes by it.

It reads the source and goes by names, and by what a name is bound to in the same file. So it cannot see

- what goes through a call: `end(registration.delete)` is refused where it is written, a relation that is handed to a
  function and changed there is not;
- a method, a relation or SQL that is put together at run time: `getattr(row, "sa" + "ve")`, a statement in a file, a
  `related_name` with `%(class)s` in it;
- what code of others writes when it is called: `check_password` that renews a hash, `login`, a session, `save_model` of
  Django's admin, a function of the database that a SELECT names;
- locks, which change no row (`kernel.db.locks`).

The views of the REST framework and of Django that write by themselves are refused by ruff (`banned-api`).
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression

from tests.architecture.relations import (
    OF_DJANGO,
    may_be_rows,
    names_in_chain,
    names_of_meters,
    names_of_rows,
    parse,
    relations_in,
)
from tests.architecture.statements import changing_statement, is_text

PUBLIC = frozenset(
    {"create", "update", "delete", "save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
)
PRIVATE = frozenset(
    {"save_base", "schema_editor", "_save_table", "_do_insert", "_do_update", "_insert", "_update", "_raw_delete"}
)
"""What Django itself writes by."""
OF_ROWS = PUBLIC | {f"a{name}" for name in PUBLIC} | PRIVATE
OF_RELATIONS = frozenset({"add", "set", "clear", "remove", "create_user", "create_superuser"})
"""A set has the first of these too, and a module of services the last: writes only where the value is a relation of a
model or a manager."""
OF_RELATIONS_OR_ASYNC = OF_RELATIONS | {f"a{name}" for name in OF_RELATIONS}
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
COMMANDS = frozenset({"call_command", "execute_from_command_line"})
BY_NAME = frozenset({"getattr", "methodcaller"})


class WritesContract(Contract):
    """Refuses what writes, through the ORM or in SQL, outside of `allowed_modules` and what lies below them.

    `allowed_classes`: `module.Class`, for a class that Django's own design makes a writer.
    `commands`: the modules that may run a command, such as `migrate`, though they write nothing themselves.
    """

    type_name = "writes"
    allowed_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed_classes = fields.SetField(subfield=fields.StringField(), required=False)
    commands = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed, commanding = modules_of(graph, self.allowed_modules), modules_of(graph, self.commands)
        sources = {module: source for module in sorted(graph.modules) if (source := source_of(module))}
        relations = relations_in(source for module, source in sources.items() if "models" in module.split(".")[1:])
        classes = cast(set[str], self.allowed_classes or set())
        writes = [
            (module, line, what)
            for module, source in sources.items()
            if not is_below(module, allowed)
            for line, what in writes_in(source, relations=relations, but_for=classes_of(module, classes))
            if not (what in COMMANDS and is_below(module, commanding))
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


def modules_of(graph: ImportGraph, expressions: object) -> set[str]:
    """The modules that a field of a contract names; none if it is left out."""
    return {
        module.name
        for module in module_expressions_to_modules(graph, cast(set[ModuleExpression], expressions or set()))
    }


def is_below(module: str, packages: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:depth]) in packages for depth in range(1, len(parts) + 1))


def classes_of(module: str, classes: set[str]) -> set[str]:
    """The names of those of the classes that stand in a module."""
    return {name.rpartition(".")[2] for name in classes if name.rpartition(".")[0] == module}


def writes_in(file: Path, *, relations: Iterable[str] = (), but_for: Iterable[str] = ()) -> Iterator[tuple[int, str]]:
    """(line, what it is) of each write in a source file, but for those in the classes `but_for`."""
    tree = parse(file)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ClassDef) and node.name in but_for)]
    rows, meters = names_of_rows(tree, {*relations, *OF_DJANGO, *MANAGERS}), names_of_meters(tree)
    inherited = {id(part) for part in inherited_calls(tree)}
    inside_text = {id(part) for node in ast.walk(tree) if is_text(node) for part in ast.walk(node) if part is not node}
    inside_text |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # prose
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inherited and is_write(node, rows, meters):
            yield node.lineno, f".{node.attr}()"
        elif isinstance(node, ast.Call) and (name := method_by_name(node)):
            yield node.lineno, f".{name}()"
        elif command := command_in(node):
            yield node.lineno, command
        elif is_text(node) and id(node) not in inside_text and (verb := changing_statement(node)):
            yield node.lineno, verb


def is_write(method: ast.Attribute, rows: set[str], meters: set[str]) -> bool:
    """Whether a mention of a method, called or handed on, is one of a write."""
    if method.attr in OF_ROWS:
        return not (method.attr == "update" and isinstance(method.value, ast.Name) and method.value.id in meters)
    return method.attr in OF_RELATIONS_OR_ASYNC and may_be_rows(method.value, rows)


def inherited_calls(tree: ast.AST) -> Iterator[ast.Attribute]:
    """`super().save` inside of a method `save`: who calls that method writes, and is refused or not."""
    for owner in ast.walk(tree):
        for method in owner.body if isinstance(owner, ast.ClassDef) else []:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(method):
                    match node:
                        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name) if name == method.name:
                            yield node


def method_by_name(call: ast.Call) -> str | None:
    """The write in `getattr(row, "save")` and `methodcaller("delete")`."""
    if not names_in_chain(call.func) & BY_NAME:
        return None
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return next((str(text) for text in texts if text in OF_ROWS), None)


def command_in(node: ast.AST) -> str | None:
    """What runs a command of Django, imported or named: any of them may write."""
    match node:
        case ast.Attribute(attr=name) if name in COMMANDS:
            return name
        case ast.ImportFrom(names=aliases):
            return next((alias.name for alias in aliases if alias.name in COMMANDS), None)
    return None
