"""A contract for import-linter: what changes rows stands in the modules that may. Imports alone cannot say it,
because a view that reads by a model imports the same model as one that writes by it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression

ALWAYS = frozenset({"bulk_create", "bulk_update", "get_or_create", "update_or_create", "save"})
OF_ROWS = frozenset({"create", "update", "delete"})
"""A dictionary, too, has an `update`: these are writes where rows have been asked for before."""
ASKING = frozenset({"objects", "filter", "exclude", "all", "order_by", "select_for_update", "select_related"})
SQL = re.compile(r"\s*(WITH\b.*)?\b(INSERT\s+INTO|UPDATE\s+\S+.*\sSET|DELETE\s+FROM|TRUNCATE|COPY\s)\b", re.DOTALL)


class WritesContract(Contract):
    """Refuses what writes, through the ORM or in SQL, outside of `allowed_modules` and what lies below them."""

    type_name = "writes"
    allowed_modules = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        allowed = {
            module.name
            for module in module_expressions_to_modules(graph, cast(set[ModuleExpression], self.allowed_modules))
        }
        ours = sorted(module for module in graph.modules if source_of(module) and not is_below(module, allowed))
        found = [(module, line, what) for module in ours for line, what in writes_in(source_of(module))]
        return ContractCheck(kept=not found, metadata={"writes": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        found: list[tuple[str, int, str]] = cast(dict[str, Any], check.metadata)["writes"]
        for module, line, what in found:
            output.print_error(f"{module} (l. {line}) writes: {what}. Call a service.")


def source_of(module: str) -> Path | None:
    """The file of a module of this checkout, seen from its root; None for anybody else's."""
    path = Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def is_below(module: str, packages: set[str]) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:depth]) in packages for depth in range(1, len(parts) + 1))


def writes_in(file: Path | None) -> Iterator[tuple[int, str]]:
    """(line, what it is) of each write in a source file."""
    if file is None:
        return
    tree = ast.parse(file.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_write(node, node.func):
            yield node.lineno, f".{node.func.attr}()"
        elif isinstance(node, ast.Constant) and id(node) not in prose and (statement := SQL.match(str(node.value))):
            yield node.lineno, statement[2].split()[0]


def is_write(call: ast.Call, method: ast.Attribute) -> bool:
    if method.attr in ALWAYS:
        return not isinstance(method.value, ast.Call) or not is_super(method.value)
    if method.attr == "delete" and not call.args and not call.keywords:
        return True
    return method.attr in OF_ROWS and bool(ASKING & names_in_chain(method.value))


def is_super(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "super"


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
