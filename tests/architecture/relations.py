"""Which names of a source file stand for the rows that a relation of a model reaches, and which for no rows at all."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

OF_DJANGO = frozenset({"groups", "user_permissions", "permissions"})
"""The many-to-many fields of Django's own users and groups."""
MANY = frozenset({"ManyToManyField", "GenericRelation"})
METERS = frozenset({"tqdm", "hashlib", "sha256", "salted_hmac"})
"""Who makes progress bars and hashes. They have an `update` too; a dictionary has `|=`, which reads better."""
Binding = tuple[str, ast.expr | None]
"""A name, and what it was bound to if that can be seen."""


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def relations_in(models: Iterable[Path]) -> set[str]:
    """By which names the models reach rows of one another: related names and many-to-many fields."""
    names = set(OF_DJANGO)
    for file in models:
        tree = parse(file)
        names |= {name for name, value in bindings(tree) if value is not None and names_in_chain(value) & MANY}
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "related_name" and isinstance(node.value, ast.Constant):
                names.add(str(node.value.value))
    return names


def names_of_rows(tree: ast.Module, relations: Iterable[str]) -> set[str]:
    """The relations, and the variables that one of them was bound to, by way of other variables too."""
    names, pairs = set(relations), list(bindings(tree))
    while more := {name for name, value in pairs if value is not None and may_be_rows(value, names)} - names:
        names |= more
    return names


def names_of_meters(tree: ast.Module) -> set[str]:
    """The variables that are bound to a progress bar or a hash and, in the whole file, to nothing else."""
    meters: set[str] = set()
    others: set[str] = set()
    for name, value in bindings(tree):
        is_meter = isinstance(value, ast.Call) and names_in_chain(value.func) & METERS
        (meters if is_meter else others).add(name)
    return meters - others


def may_be_rows(value: ast.expr, rows: set[str]) -> bool:
    """Whether an expression is, or may be, or has in it, one of the names of rows."""
    match value:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in rows or name.endswith("_set")
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return name in rows or name.endswith("_set")
        case ast.IfExp(body=one, orelse=other):
            parts = [one, other]
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            pass
        case ast.Dict(values=parts):
            pass
        case ast.NamedExpr(value=part) | ast.Starred(value=part) | ast.Subscript(value=part):
            parts = [part]
        case _:
            return False
    return any(may_be_rows(part, rows) for part in parts)


def bindings(tree: ast.AST) -> Iterator[Binding]:
    """Each name that a source file binds, as often as it does."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from bound(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                yield from bound(target, value)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield from bound(target, value)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                each = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List | ast.Set) else [None]
                for value in each:
                    yield from bound(node.target, value)
            case ast.arg(arg=name):
                yield name, None


def bound(target: ast.expr, value: ast.expr | None) -> Iterator[Binding]:
    """The names of a target: `a, b = x, y` binds each to its own, `a, *b = x` both to the whole."""
    match target:
        case ast.Name(id=name):
            yield name, value
        case ast.Starred(value=inner):
            yield from bound(inner, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            values: list[ast.expr | None] = [value] * len(targets)
            is_each = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets)
            if is_each and not any(isinstance(part, ast.Starred) for part in [*targets, *value.elts]):
                values = list(value.elts)
            for part, its_value in zip(targets, values, strict=True):
                yield from bound(part, its_value)


def names_in_chain(node: ast.expr) -> set[str]:
    """The names of `a.b(…).c`: {"a", "b", "c"}."""
    names: set[str] = set()
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
            node = node.value
        else:
            node = node.func
    return names | ({node.id} if isinstance(node, ast.Name) else set())
