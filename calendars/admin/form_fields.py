"""What the forms of calendars ask for: people by their usernames, and secrets that are never shown again."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from accounts.models import User
from kernel.admin.forms import ServiceForm
from kernel.errors import UNKNOWN_USER

MAX_PEOPLE = 500
STAYS = "kept; leave empty to keep it"
"""Stands in the field of a secret that there is."""


class WishForm(ServiceForm):
    """What a service takes. What a row may be the service says, in its own words: the row stays as it is until then."""

    def _post_clean(self) -> None:
        pass


class UsernamesFormField(forms.CharField):
    """One username on each line: a campus has more people than a list can show. People inside."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return "\n".join(sorted(person.username for person in value))

    def clean(self, value: Any) -> Any:
        names = {line.strip() for line in str(super().clean(value) or "").splitlines() if line.strip()}
        if len(names) > MAX_PEOPLE:
            raise ValidationError(f"At most {MAX_PEOPLE} people")
        people = list(User.objects.filter(username__in=names))
        if unknown := sorted(names - {person.username for person in people}):
            raise ValidationError([f"{UNKNOWN_USER}: {name}" for name in unknown[:10]])
        return people

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _names(self.prepare_value(initial)) != _names(data)


class SecretFormField(forms.CharField):
    """Something that is kept and never shown: where nothing is typed it stays as it is."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(**{"required": False, "strip": False, "widget": widget} | kwargs)


def _names(text: Any) -> Iterable[str]:
    return {line.strip() for line in str(text or "").splitlines() if line.strip()}
