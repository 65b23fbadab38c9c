"""What a mail template may consist of. What is not named here is refused before it is ever rendered.

So that a template is rendered in no time whatever it says: it is no program. It assigns nothing, defines nothing, loads
nothing; it repeats only by `for`, over the events or a short list, and how much it does in all is counted beforehand.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from calendars.rules.template_sandbox import (
    CONCAT,
    EVENT_FIELDS,
    FILTERS,
    LOOP_FIELDS,
    MAX_VALUE,
    TESTS,
    TIME_FIELDS,
    TIME_METHODS,
)
from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text

EVENTS = "overlap_events"
MAX_EVENTS = 50
MAX_ITEMS = 20
"""Of a list, of a chain of `elif`."""
MAX_LOOPS = 2
MAX_DEPTH = 40
MAX_STEPS = 50_000
STEPS_OF_A_TEXT = 10
STEPS_OF_A_LIST = MAX_EVENTS
"""What goes through a text or a list is more than one."""
MAX_NUMBER = 10**9
NUMBER_TOO_LARGE = f"A number is {MAX_NUMBER} at most"
MAX_FAULTS = 10
FORMAT = re.compile(r"(?=.{0,100}\Z)[^%]*(?:%-?[aAbBcdfFHIjlmMpTuUVwWxXyYzZ%][^%]*){0,12}", re.DOTALL)
"""Of strftime: no widths, which are sizes."""
FIELDS = frozenset({*EVENT_FIELDS, *TIME_FIELDS, *LOOP_FIELDS})
WITHOUT_A_RULE = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Neg, nodes.Concat, nodes.Keyword,
)  # fmt: skip
WORDS = MappingProxyType(
    {
        nodes.Assign: "set", nodes.AssignBlock: "set", nodes.Block: "block", nodes.CallBlock: "call",
        nodes.Extends: "extends", nodes.FilterBlock: "filter", nodes.FromImport: "from", nodes.Import: "import",
        nodes.Include: "include", nodes.Macro: "macro", nodes.Scope: "autoescape",
        nodes.With: "with", nodes.Mul: "*", nodes.Div: "/", nodes.FloorDiv: "//", nodes.Mod: "%", nodes.Pow: "**",
        nodes.Pos: "+", nodes.Dict: "{…: …}", nodes.Slice: "[…:…]",
    }
)  # fmt: skip


class TooMuchToRead(Exception):
    """The template is nested too deeply, or does too much."""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Where a piece of a template stands. `times`: how often it is rendered at most."""

    names: frozenset[str]
    depth: int = 0
    loops: int = 0
    times: int = 1

    @property
    def below(self) -> "_Surroundings":
        return replace(self, depth=self.depth + 1)

    def inside(self, name: str, times: int) -> "_Surroundings":
        """In the body of a loop."""
        names = self.names | {name, "loop"}
        return _Surroundings(names, self.depth + 1, self.loops + 1, self.times * times)


def syntax_faults(tree: nodes.Template, variables: frozenset[str]) -> list[str]:
    """What may not stand in a template, each with its line; a few at most."""
    reading = _SyntaxReading(variables)
    try:
        reading.read(tree, _Surroundings(variables))
    except TooMuchToRead as error:
        reading.faults.append(str(error))
    return list(dict.fromkeys(reading.faults))[:MAX_FAULTS]


def bounded(tree: nodes.Template) -> nodes.Template:
    """The same template, so that the sandbox sees whatever is put together, and an `if` without `else` says nothing."""
    _Bounding().visit(tree)
    return tree


@dataclass
class _SyntaxReading:
    variables: frozenset[str]
    faults: list[str] = field(default_factory=list)
    steps: int = 0
    line: int = 1

    def read(self, node: nodes.Node, around: _Surroundings) -> None:
        """Raises: TooMuchToRead."""
        if around.depth > MAX_DEPTH:
            raise TooMuchToRead(f"Line {self.line}: It is nested too deeply")
        self.line = node.lineno or self.line
        self.steps += around.times * _steps(node)
        if self.steps > MAX_STEPS:
            raise TooMuchToRead(f"It is too long for what it repeats: more than {MAX_STEPS} steps")
        parts: Iterator[nodes.Node] | Sequence[nodes.Node] = node.iter_child_nodes()
        match node:
            case nodes.For():
                return self._read_loop(node, around)
            case nodes.Call():
                parts = self._parts_of_call(node)
            case _:
                if fault := self._fault(node, around):
                    return self._add(fault)
        for part in parts:
            self.read(part, around.below)

    def _add(self, fault: str) -> None:
        self.faults.append(f"Line {self.line}: {fault}")

    def _read_loop(self, loop: nodes.For, around: _Surroundings) -> None:
        name = loop.target.name if isinstance(loop.target, nodes.Name) else ""
        if not name or name in self.variables or name == "loop":
            return self._add("A loop needs one name of its own: for event in overlap_events")
        if loop.recursive:
            return self._add("A loop cannot be recursive")
        if around.loops == MAX_LOOPS:
            return self._add(f"Loops can stand in each other {MAX_LOOPS} deep")
        match loop.iter:
            case nodes.Name(name=over) if over == EVENTS:
                times = MAX_EVENTS
            case nodes.List(items=items):
                times = len(items)
            case _:
                return self._add(f"A loop can only go over {EVENTS}, or a list that is written there: [1, 2]")
        self.read(loop.iter, around.below)
        for part in [*loop.body, *([loop.test] if loop.test else [])]:
            self.read(part, around.inside(name, times))
        for part in loop.else_:
            self.read(part, around.below)

    def _parts_of_call(self, call: nodes.Call) -> Sequence[nodes.Node]:
        """What of a call is to be read; only methods of times are called, with what is written there."""
        match call:
            case nodes.Call(node=nodes.Getattr(attr=method, node=value), kwargs=[], dyn_args=None, dyn_kwargs=None):
                match method, call.args:
                    case "strftime", [nodes.Const(value=str(text))] if FORMAT.fullmatch(text):
                        return [value]
                    case "strftime", _:
                        self._add('strftime takes one text in quotes, with days, hours, …: "%d.%m.%Y %H:%M"')
                        return []
                    case _, [] if method in TIME_METHODS:
                        return [value]
        self._add(f"Nothing can be called but a time's {', '.join(TIME_METHODS)}")
        return []

    def _fault(self, node: nodes.Node, around: _Surroundings) -> str:
        match node:
            case nodes.Name(name=name):
                return "" if name in around.names else f"There is no variable {_quoted(name)}"
            case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))):
                return "" if name in FIELDS else f"There is no field {_quoted(name)}"
            case (
                nodes.Getitem(arg=nodes.Const(value=int())) | nodes.If() | nodes.List() | nodes.Tuple() | nodes.Const()
            ):
                return self._fault_of_size(node)
            case nodes.Getitem():
                return "In [ ] stands a number, or a field's name in quotes"
            case nodes.Filter(name=name) if name not in FILTERS:
                return f"There is no filter {_quoted(name)}; there are {', '.join(sorted(FILTERS))}"
            case nodes.Test(name=name) if name not in TESTS:
                return f"There is no test {_quoted(name)}"
            case nodes.Filter(node=None) | nodes.Filter(dyn_args=nodes.Node()) | nodes.Filter(dyn_kwargs=nodes.Node()):
                return "A filter takes what is written in its ( )"
            case nodes.Test(dyn_args=nodes.Node()) | nodes.Test(dyn_kwargs=nodes.Node()):
                return "A test takes what is written in its ( )"
            case nodes.Filter() | nodes.Test():
                return ""
        return "" if isinstance(node, WITHOUT_A_RULE) else f"{_word(node)} is not available"

    def _fault_of_size(self, node: nodes.Node) -> str:
        match node:
            case nodes.Const(value=str(text)) if len(text) > MAX_VALUE:
                return f"A text in quotes has {MAX_VALUE} characters at most"
            case nodes.Const(value=str(text)) if has_forbidden_text(text):
                return FORBIDDEN_TEXT_MESSAGE
            case nodes.Const(value=int() | float() as number) if not abs(number) <= MAX_NUMBER:
                return NUMBER_TOO_LARGE
            case nodes.If(elif_=items) | nodes.List(items=items) | nodes.Tuple(items=items) if len(items) > MAX_ITEMS:
                return f"A list, or a chain of elif, has {MAX_ITEMS} parts at most"
        return ""


class _Bounding(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - called by its name
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, CONCAT, [], [], None, None, lineno=node.lineno)

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802 - called by its name
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const("", lineno=node.lineno)
        return node


def _steps(node: nodes.Node) -> int:
    if isinstance(node, nodes.Filter):
        return STEPS_OF_A_LIST if node.name == "join" else STEPS_OF_A_TEXT
    return STEPS_OF_A_TEXT if isinstance(node, nodes.Call | nodes.Concat | nodes.Add) else 1


def _quoted(name: str) -> str:
    return f"“{name[:40]}”"


def _word(node: nodes.Node) -> str:
    return WORDS.get(type(node), type(node).__name__)
