"""The whitelist of single sign-on: put on, taken off."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.acting import actor
from accounts.models import SsoWhitelist
from accounts.services.sso_whitelist import add_to_whitelist, take_off_whitelist
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import MailAddressFormField, ServiceForm
from kernel.admin.pages import ServiceAdmin
from kernel.admin.site import site
from kernel.campus_time import format_wall


class WhitelistForm(ServiceForm):
    eppn = MailAddressFormField(label="EPPN", help_text="What the identity provider calls somebody; like an address.")

    def _get_validation_exclusions(self) -> set[str]:
        """Who is on the list already, says the service, and names the field."""
        return {*super()._get_validation_exclusions(), "eppn"}  # type: ignore[misc]  # Django's own hook


@admin.register(SsoWhitelist, site=site)
class SsoWhitelistAdmin(ServiceAdmin):
    form = WhitelistForm
    target_noun = "sso_whitelist"
    list_display = ("eppn", "added_by", "added")
    list_select_related = ("added_by",)
    search_fields = ("eppn",)
    ordering = ("eppn", "id")
    fields = ("eppn",)
    actions = ("take_off",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Added", ordering="added_at")
    def added(self, entry: SsoWhitelist) -> str:
        return format_wall(entry.added_at)

    def save_model(self, request: HttpRequest, obj: SsoWhitelist, form: Any, change: bool) -> None:
        obj.pk = add_to_whitelist(eppn=form.cleaned_data["eppn"], by=actor(request), now=clock.now()).pk

    @command(description="Take off the list", done="taken off", idle="It is on the list no longer")
    def take_off(self, request: HttpRequest, selection: QuerySet[SsoWhitelist]) -> Iterator[Step]:
        for entry in selection:
            yield Step((entry.pk,), entry.eppn, partial(take_off_whitelist, entry_id=entry.pk))
