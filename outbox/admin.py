"""Pages of letters: what waits, has gone or has failed and why. Nobody reads here what they say."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kernel.admin.asking import Step, command
from kernel.admin.pages import ReadOnlyAdmin
from kernel.admin.site import site
from kernel.campus_time import campus_zone, format_wall_second
from outbox.models import Letter
from outbox.services.failing import try_again


@admin.register(Letter, site=site)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ("number", "key", "kind", "state", "posted", "gone", "error")
    list_filter = ("state", "kind")
    search_fields = ("key",)
    ordering = ("-id",)
    actions = ("try_again",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Letter | None = None) -> tuple[str, ...]:
        return ("number", "key", "kind", "told", "state", "posted", "gone", "error", "copies")

    def get_readonly_fields(self, request: HttpRequest, obj: Letter | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    @admin.display(description="Number", ordering="id")
    def number(self, letter: Letter) -> int:
        return letter.pk

    @admin.display(description=f"Posted ({campus_zone().key})", ordering="created_at")
    def posted(self, letter: Letter) -> str:
        return format_wall_second(letter.created_at)

    @admin.display(description="Sent", ordering="sent_at")
    def gone(self, letter: Letter) -> str:
        return _moment(letter.sent_at)

    @admin.display(description="Arguments")
    def told(self, letter: Letter) -> str:
        return json.dumps(letter.arguments, ensure_ascii=False)

    @admin.display(description="Copies")
    def copies(self, letter: Letter) -> SafeString | str:
        lines = [(copy.address, copy.state, copy.error or _moment(copy.sent_at)) for copy in letter.copies.all()]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} {}</li>", lines)) if lines else "–"

    @command(description="Try again", done="to be sent again")
    def try_again(self, request: HttpRequest, letters: QuerySet[Letter]) -> Iterable[Step]:
        return [Step((letter.pk,), letter.key, partial(try_again, letter_id=letter.pk)) for letter in letters]


def _moment(moment: datetime | None) -> str:
    return format_wall_second(moment) if moment else "–"
