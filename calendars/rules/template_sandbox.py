"""In what mail templates are rendered: a sandbox that knows texts, times and lists of events, and little beside.

Nothing in it makes a value longer than `MAX_VALUE`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from functools import wraps
from types import BuiltinMethodType, NoneType
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as FILTERS_OF_JINJA
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as TESTS_OF_JINJA

MAX_VALUE = 2_000
"""Characters of anything that is worked out."""
TOO_LONG = f"Nothing may be worked out that is longer than {MAX_VALUE} characters"
CONCAT = "~"
"""What the operator of this name is compiled to: a filter that has no name in templates."""
EVENT_FIELDS = ("name", "start", "end", "created", "organizer", "is_priorized")
TIME_FIELDS = ("year", "month", "day", "hour", "minute", "second")
TIME_METHODS = ("strftime", "isoformat", "date", "time", "weekday", "isoweekday")
LOOP_FIELDS = ("index", "index0", "revindex", "revindex0", "first", "last", "length")
# In one text: to the contract about writes, one of them alone is a statement of SQL.
_OF_TEXTS = "upper lower capitalize trim truncate replace escape e string"
FILTERS_OF_TEXTS = tuple(_OF_TEXTS.split())
FILTERS_OF_LISTS = ("first", "last", "length", "count", "default", "d")
FILTERS = frozenset({*FILTERS_OF_TEXTS, *FILTERS_OF_LISTS, "join"})
TESTS = frozenset({"defined", "undefined", "none", "true", "false", "odd", "even", "eq", "==", "ne", "!=", "in"})
SHOWABLE = (str, int, float, date, time, timedelta, NoneType)
"""A datetime is a date."""


class TemplateSandbox(ImmutableSandboxedEnvironment):
    """`is_html`: whether values are escaped. It has no globals and loads nothing."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, *, is_html: bool) -> None:
        # Unoptimised: what is constant would be worked out while it is compiled.
        super().__init__(
            autoescape=is_html,
            undefined=StrictUndefined,
            finalize=_showable,
            optimized=False,
            keep_trailing_newline=True,
        )
        concat = _concat(markup_join if is_html else str_join)
        self.globals.clear()
        self.filters = {
            **{name: _of_texts(FILTERS_OF_JINJA[name]) for name in FILTERS_OF_TEXTS},
            **{name: FILTERS_OF_JINJA[name] for name in FILTERS_OF_LISTS},
            "join": _join(concat),
            CONCAT: concat,
        }
        self.tests = {name: TESTS_OF_JINJA[name] for name in TESTS}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, date | time):
            return attr in TIME_FIELDS or attr in TIME_METHODS
        return isinstance(obj, LoopContext) and attr in LOOP_FIELDS

    def is_safe_callable(self, obj: Any) -> bool:
        is_method = isinstance(obj, BuiltinMethodType) and isinstance(obj.__self__, date | time)
        return is_method and obj.__name__ in TIME_METHODS

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator not in ("+", "-"):
            raise SecurityError(f"{operator} is not available")
        return _bounded(super().call_binop(context, operator, _showable(left), _showable(right)))


def _showable(value: Any) -> Any:
    """What stands for a value in a mail. Raises: SecurityError, of what cannot be said in a line."""
    if isinstance(value, StrictUndefined):
        str(value)  # raises what is wrong with it
    if not isinstance(value, SHOWABLE):
        raise SecurityError("Only texts, numbers and times can be written; of a list, write each by a loop")
    return "" if value is None else value


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MAX_VALUE:
        raise SecurityError(TOO_LONG)
    return value


def _of_texts(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja's for texts. What it makes is used only if it is not too long."""
    own_arguments = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filtered(*args: Any, **options: Any) -> Any:
        values = [_bounded(_showable(value)) for value in args[own_arguments:]]
        shown_options = {name: _bounded(_showable(value)) for name, value in options.items()}
        return _bounded(function(*args[:own_arguments], *values, **shown_options))

    return filtered


def _concat(joined: Callable[[Iterable[Any]], str]) -> Callable[[Iterable[Any]], str]:
    def concat(parts: Iterable[Any]) -> Any:
        return _bounded(joined([_showable(part) for part in parts]))

    return concat


def _join(concat: Callable[[Iterable[Any]], str]) -> Callable[..., str]:
    def join(values: Any, separator: str = "", attribute: str | None = None) -> str:
        if not isinstance(values, list):
            raise SecurityError("Only a list can be joined")
        parts: list[Any] = []
        for value in values:
            if attribute is not None and not (isinstance(value, Mapping) and attribute in EVENT_FIELDS):
                raise SecurityError("Only by a field of an event can a list be joined")
            parts += [separator, value if attribute is None else value[attribute]]
        return concat(parts[1:])

    return join
