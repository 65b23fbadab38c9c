"""What a command or a form would do: in words, on a page that asks, and sent back with the answer."""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from kernel.admin.sentences import fact_in_words, headline
from kernel.campus_time import campus_zone
from kernel.facts import Fact
from kernel.idempotency import claim

MAX_LINES = 200
"""How many facts the page lists; they are counted, and compared, without a limit."""
TEMPLATE = "admin/cspace/asking.html"
PLAN, ONCE = "plan", "once"
"""Fields of the page that asks: what was shown, as `key:digest` each; and what makes this page one of a kind."""
OF_THE_PAGE = frozenset({"csrfmiddlewaretoken", PLAN, ONCE})
HAS_CHANGED = "Something has changed since the page was shown: look at what would happen now."
ONE_OF_A_KIND = re.compile("[0-9a-f]{32}")
Report = tuple[int, str]
"""A level of Django's messages, and a sentence."""


class DoneAlready(Exception):
    """This very page was sent before, and this was done then."""


@dataclass(frozen=True)
class Prospect:
    """What a step does: its facts in words, or why it is refused."""

    key: str
    name: str
    lines: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    refusal: str = ""

    @property
    def changes_something(self) -> bool:
        return bool(self.lines)

    @property
    def digest(self) -> str:
        text = "\n".join((self.name, *self.lines, *(sentence for _, sentence in self.reports), self.refusal))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def counts(self) -> list[tuple[str, int]]:
        return list(Counter(self.headlines).items())


def prospect_of(
    key: str,
    name: str,
    facts: Sequence[Fact],
    *,
    unforeseen: frozenset[str] = frozenset(),
    reports: Iterable[Report] = (),
) -> Prospect:
    """What these facts say."""
    lines = tuple(fact_in_words(fact, unforeseen=unforeseen) for fact in facts)
    return Prospect(key, name, lines, tuple(headline(fact.action) for fact in facts), tuple(reports))


def digests_of(request: HttpRequest) -> Mapping[str, str] | None:
    """{key: digest} of the page that asked, None if none has."""
    if not ONE_OF_A_KIND.fullmatch(request.POST.get(ONCE, "")):
        return None
    pairs = (pair.rpartition(":") for pair in request.POST.getlist(PLAN))
    return {key: digest for key, _, digest in pairs}


def take_once(request: HttpRequest, prospect: Prospect, *, now: datetime) -> None:
    """Inside the transaction of what is done: not a second time from the same page. Raises: DoneAlready."""
    user: Any = request.user
    key = f"admin:{request.POST[ONCE]}:{prospect.key}"
    if claim(user_id=user.pk, key=key, fingerprint=prospect.digest, now=now) is None:
        raise DoneAlready


def page_that_asks(
    page: Any,
    request: HttpRequest,
    prospects: Sequence[Prospect],
    *,
    title: str,
    scope: str,
    fields: Iterable[tuple[str, str]],
    idle: str = "",
    template: str = TEMPLATE,
    further: Mapping[str, Any] | None = None,
) -> TemplateResponse:
    """What would happen and how many of it, and the button that does it. `scope`: the sentence above the counts;
    `fields`: what the button sends along; `further`: what a `template` of its own shows besides."""
    acting = [prospect for prospect in prospects if prospect.changes_something]
    hidden = [*fields, (ONCE, secrets.token_hex(16)), *((PLAN, f"{each.key}:{each.digest}") for each in acting)]
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "scope": scope,
        "opts": page.opts,
        "media": page.media,
        "acting": acting,
        "max_lines": MAX_LINES,
        "refused": [prospect for prospect in prospects if prospect.refusal],
        "idle": [prospect for prospect in prospects if not prospect.refusal and not prospect.changes_something],
        "idle_words": idle,
        "totals": list(Counter(line for prospect in acting for line in prospect.headlines).items()),
        "fields": hidden,
        "zone": campus_zone().key,
        **(further or {}),
    }
    request.current_app = page.admin_site.name  # for the theme
    return TemplateResponse(request, template, context)


def forget_what_was_tried(request: HttpRequest) -> None:
    """What the caller may do was perhaps read where it has just been taken from him, and rolled back."""
    user: Any = request.user
    user.forget_access()
