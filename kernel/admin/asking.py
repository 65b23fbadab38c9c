"""Commands of the pages ask first: what would happen is found by carrying it out and rolling it back, shown, and done
only as it was shown, once.

An action is a method that names its service calls, made a `command`. A form that reaches further than its own row asks
in the same way (`kernel.admin.pages`). Each call is a transaction of its own, so that the locks of one are not held
while another waits; what it publishes is compared with what was shown before it commits.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from kernel import clock
from kernel.admin.prospects import (
    HAS_CHANGED,
    OF_THE_PAGE,
    TEMPLATE,
    DoneAlready,
    Prospect,
    Report,
    digests_of,
    forget_what_was_tried,
    page_that_asks,
    prospect_of,
    take_once,
)
from kernel.admin.refusals import refusal_in_words
from kernel.db.refusals import as_domain_error
from kernel.db.transactions import transactional
from kernel.errors import DomainError
from kernel.facts import recording

MAX_CHOSEN = 400
"""Two fields for each: Django takes a thousand."""
MAX_SAID = 20
OF_THE_LIST = OF_THE_PAGE | {"action", "select_across", "index", ACTION_CHECKBOX_NAME}


class NotAsShown(Exception):
    """What has just been carried out is not what was shown: it is rolled back."""


class NoCommand(TypeError):
    """An action of a page is to be a `command`: it would act at once."""


@dataclass(frozen=True)
class Step:
    """A service call, told `by=` and `now=`: one transaction, one command in the log.

    `rows`: the ids of the rows it is for. `practice` is called instead where it is only tried out, if the outcome must
    not be known before.
    """

    rows: tuple[int, ...]
    name: str
    call: Callable[..., Any]
    practice: Callable[..., Any] | None = None

    @property
    def key(self) -> str:
        """What tells it from the others of its command."""
        rows = ",".join(map(str, self.rows))
        return rows if len(self.rows) == 1 else hashlib.sha256(rows.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Command:
    """How an action is worded. `done`: "3 cancelled."; `idle`: said of a row that it would not change.

    `unforeseen`: details of its facts that only chance decides. `reports`: what its result says beside its facts.
    `foreseen`: what `template`, the page that asks, shows of the steps beside what would happen; it is read when all of
    them have been rolled back.
    """

    name: str
    description: str
    done: str
    idle: str
    unforeseen: frozenset[str] = frozenset()
    reports: Callable[[Any], Iterable[Report]] = field(default=lambda result: ())
    template: str = TEMPLATE
    foreseen: Callable[[HttpRequest, Sequence[Step]], Mapping[str, Any]] = field(default=lambda request, steps: {})


def command(
    *, description: str, done: str, idle: str = "Nothing would change", **more: Any
) -> Callable[[Callable[..., Iterable[Step]]], Callable[..., TemplateResponse | None]]:
    """Make an action of a method that names the steps for the chosen rows. `more`: see `Command`.

    The method may raise `ValidationError` against what was typed beside the action.
    """

    def action_of(steps_of: Callable[..., Iterable[Step]]) -> Callable[..., TemplateResponse | None]:
        wording = Command(name=steps_of.__name__, description=description, done=done, idle=idle, **more)

        @wraps(steps_of)
        def action(page: Any, request: HttpRequest, selection: QuerySet[Any]) -> TemplateResponse | None:
            return _answer(page, request, wording, steps_of, selection)

        action.short_description = description  # type: ignore[attr-defined]  # where Django looks for it
        action.command = wording  # type: ignore[attr-defined]
        return action

    return action_of


def require_command(action: Any) -> None:
    """Raises: NoCommand."""
    if not isinstance(getattr(action, "command", None), Command):
        raise NoCommand(getattr(action, "__qualname__", action))


def _answer(
    page: Any, request: HttpRequest, wording: Command, steps_of: Callable[..., Iterable[Step]], selection: QuerySet[Any]
) -> TemplateResponse | None:
    digests = digests_of(request)
    if digests is not None:  # these rows, whatever filter the list has and whatever has become of them
        selection = page.get_queryset(request).filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
    if (count := selection.count()) > MAX_CHOSEN:
        page.message_user(request, f"{count} are chosen: choose at most {MAX_CHOSEN}.", messages.ERROR)
        return None
    try:
        steps = list(steps_of(page, request, selection.order_by("pk")))
    except ValidationError as fault:
        page.message_user(request, " ".join(fault.messages), messages.ERROR)
        return None
    if digests is not None:
        steps = _carry_out(page, request, wording, steps, digests)
    return _ask(page, request, wording, steps) if steps else None


def _ask(page: Any, request: HttpRequest, wording: Command, steps: Sequence[Step]) -> TemplateResponse | None:
    """The page; or only messages, where there is nothing to ask."""
    prospects = [_try_out(step, request, wording) for step in steps]
    if not any(prospect.changes_something for prospect in prospects):
        for prospect in prospects[:MAX_SAID]:
            level, words = (messages.ERROR, prospect.refusal) if prospect.refusal else (messages.WARNING, wording.idle)
            page.message_user(request, f"{prospect.name}: {words}", level)
        if len(prospects) > MAX_SAID:
            page.message_user(request, f"and {len(prospects) - MAX_SAID} more", messages.WARNING)
        return None
    typed = [(name, value) for name, values in request.POST.lists() if name not in OF_THE_LIST for value in values]
    rows = [(ACTION_CHECKBOX_NAME, str(pk)) for step in steps for pk in step.rows]
    sizes = [len(step.rows) for step in steps]
    acting = sum(size for size, prospect in zip(sizes, prospects, strict=True) if prospect.changes_something)
    return page_that_asks(
        page,
        request,
        prospects,
        title=wording.description,
        scope=f"This is what would happen to {acting} of {sum(sizes)} chosen",
        fields=[*typed, ("action", wording.name), *rows],
        idle=wording.idle,
        template=wording.template,
        further=wording.foreseen(request, steps),
    )


def _carry_out(
    page: Any, request: HttpRequest, wording: Command, steps: Sequence[Step], digests: Mapping[str, str]
) -> list[Step]:
    """Do what was shown; the steps that would do something else now, or do nothing any more, are left to be shown."""
    done, others, repeated = [], [], 0
    for step in steps:
        if step.key not in digests:
            continue
        try:
            done.append(_do(step, request, wording, digests[step.key]))
        except NotAsShown:
            others.append(step)
        except DoneAlready:
            repeated += 1
    if len(done) > sum(len(prospect.reports) > 0 for prospect in done):
        page.message_user(request, f"{len(done)} {wording.done}.", messages.SUCCESS)
    for prospect in done:
        _say(page, request, prospect.reports)
    if repeated:
        page.message_user(request, f"{repeated} {wording.done} already: the page was sent twice.", messages.WARNING)
    if others:
        page.message_user(request, HAS_CHANGED, messages.WARNING)
    if gone := len(digests) - len(done) - len(others) - repeated:
        page.message_user(request, f"{gone} of what was shown are gone already.", messages.WARNING)
    return others


def _do(step: Step, request: HttpRequest, wording: Command, digest: str) -> Prospect:
    """Raises: NotAsShown, DoneAlready."""

    @transactional
    def once() -> Prospect:
        now = clock.now()
        take_once(request, Prospect(step.key, step.name), now=now)
        prospect = _run(step, step.call, request, wording, now)
        if prospect.digest != digest:
            raise NotAsShown
        return prospect

    try:
        return once()
    except (DomainError, DatabaseError) as error:
        if as_domain_error(error) is None:
            raise
        raise NotAsShown from error


def _try_out(step: Step, request: HttpRequest, wording: Command) -> Prospect:
    @transactional
    def rolled_back() -> Prospect:
        prospect = _run(step, step.practice or step.call, request, wording, clock.now())
        transaction.set_rollback(True)
        return prospect

    try:
        return rolled_back()
    except (DomainError, DatabaseError) as error:
        refusal = as_domain_error(error)
        if refusal is None:
            raise
        return Prospect(step.key, step.name, refusal=refusal_in_words(refusal))
    finally:
        forget_what_was_tried(request)


def _run(step: Step, call: Callable[..., Any], request: HttpRequest, wording: Command, now: datetime) -> Prospect:
    with recording() as facts:
        result = call(by=request.user, now=now)
    return prospect_of(step.key, step.name, facts, unforeseen=wording.unforeseen, reports=wording.reports(result))


def _say(page: Any, request: HttpRequest, reports: Iterable[Report]) -> None:
    for level, sentence in reports:
        page.message_user(request, sentence, level)
