"""What apps have made known to their process at its start: a test that adds to it takes that back."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import kernel.academic_calendar
import kernel.admin.panels
import kernel.facts
import kernel.history
import kernel.jobs
import kernel.languages
import kernel.letters
import kernel.live.feeds
import kernel.phrases
import notifications.services
from classrooms.queries import agenda, refusing
from policies.queries import owners, previewing
from registrations.queries import events

REGISTRIES: tuple[tuple[ModuleType, str], ...] = (
    (kernel.academic_calendar, "_providers"),
    (kernel.admin.panels, "_panels"),
    (kernel.facts, "_listeners"),
    (kernel.facts, "_answers"),
    (kernel.history, "_readers"),
    (kernel.jobs, "_registry"),
    (kernel.languages, "_questions"),
    (kernel.letters, "_kinds"),
    (kernel.live.feeds, "_standing"),
    (kernel.phrases, "_sentences"),
    (notifications.services, "_followers"),
    (agenda, "_describers"),
    (refusing, "_sources"),
    (events, "_sources"),
    (owners, "_sources"),
    (previewing, "_sources"),
)


def registered() -> dict[str, Any]:
    """{registry: a copy of what it holds}, and the kinds of facts that tests have: the log is asked by those too."""
    held = {f"{module.__name__}.{name}": _copy(getattr(module, name)) for module, name in REGISTRIES}
    kinds = kernel.facts._below(kernel.facts.Fact)
    return held | {"kinds of facts": [kind for kind in kinds if kind.__module__.startswith("tests.")]}


def changed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """One line for each registry that is otherwise than before."""
    for name, held in before.items():
        if after[name] != held:
            yield f"{name}: {_difference(held, after[name])}"


def _copy(registry: Any) -> Any:
    if isinstance(registry, dict):
        return {key: list(value) if isinstance(value, list) else value for key, value in registry.items()}
    return list(registry)


def _difference(before: Any, after: Any) -> str:
    added = [each for each in after if each not in before]
    gone = [each for each in before if each not in after]
    return f"added {added}, gone {gone}" if added or gone else "another order, or other values"
