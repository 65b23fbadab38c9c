"""The forms of the pages: campus wall time, names of one visible line, and what the service said against it."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.functional import lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from kernel.admin.refusals import faults_of, summary
from kernel.campus_time import MINUTES_PER_DAY, WallTimeDoesNotExist, campus_zone, format_minute, wall_instant
from kernel.errors import DomainError
from kernel.mail_addresses import read_mail_address
from kernel.names import NOT_VISIBLE, is_visible, one_line
from kernel.text import FORBIDDEN_TEXT_MESSAGE, has_forbidden_text

TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
TIME_OF_SECOND = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Asks for what a service takes. `refusal` is what the service has just said against these very values."""

    refusal: ClassVar[DomainError | None] = None
    field_of_fault: ClassVar[Mapping[str, str]] = {}
    """The service's names, where the form has others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """What a page showed goes with it: `changed_data` is what was touched since, whatever others have done."""
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            for name, field in self.fields.items():
                field.show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            self._show(self.refusal)
        return cleaned

    def instant_of(self, date_field: str, time_field: str) -> dt.datetime | None:
        """The instant that two fields name on the campus wall; None where one of them is missing or malformed.

        A time that the campus clock never shows is a fault of its field.
        """
        day, time = self.cleaned_data.get(date_field), self.cleaned_data.get(time_field)
        if day is None or time is None:
            return None
        field: Any = self.fields[time_field]
        minute, second = field.parts(time)
        try:
            return wall_instant(day, minute) + dt.timedelta(seconds=second)
        except WallTimeDoesNotExist as gap:
            self.add_error(time_field, str(gap))
        except OverflowError:
            self.add_error(time_field, "This date is out of range")
        return None

    def _show(self, refusal: DomainError) -> None:
        """Faults under their fields; what has no field here, and any other refusal, above them all."""
        by_field = {self.field_of_fault.get(name, name): faults for name, faults in faults_of(refusal).items()}
        homeless = {name: faults for name, faults in by_field.items() if name not in self.fields}
        for name, sentences in by_field.items():
            if name in self.fields:
                self.add_error(name, [ValidationError(sentence) for sentence in sentences])
        if homeless or not by_field:
            self.add_error(None, "; ".join([summary(refusal), *(" ".join(faults) for faults in homeless.values())]))


class NameFormField(forms.CharField):
    """One visible line, as `kernel.api.fields.NameField` takes it."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not is_visible(value):
            raise ValidationError(NOT_VISIBLE)


class MailAddressFormField(forms.CharField):
    """An address, as `kernel.api.fields.MailAddressField` takes it."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        try:
            return read_mail_address(text) if text else ""
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LongTextFormField(forms.CharField):
    """Several lines, kept as they are but for the line ends, which a browser writes in its own way."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, "required": False} | kwargs)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if has_forbidden_text(value):
            raise ValidationError(FORBIDDEN_TEXT_MESSAGE)


class JsonFormField(forms.JSONField):
    """A small JSON document. Django parses it for validation, and again to show it: both give up on deep nesting."""

    widget = UnfoldAdminTextareaWidget
    max_brackets = 100

    def to_python(self, value: Any) -> Any:
        if self._is_too_deep(value):
            raise ValidationError("Too deeply nested")
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return InvalidJSONInput(data) if self._is_too_deep(data) else super().bound_data(data, initial)

    def _is_too_deep(self, value: Any) -> bool:
        return isinstance(value, str) and value.count("[") + value.count("{") > self.max_brackets


class CalendarWidget(UnfoldAdminTextInputWidget):
    """The browser's own calendar. Django's compares the clocks of browser and server, and warns of the difference in
    every field; what is asked for here is a date on the campus, wherever the browser is."""

    input_type = "date"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, dt.date) else super().format_value(value)


class DateFormField(forms.DateField):
    """A date on the campus, `YYYY-MM-DD`."""

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"input_formats": ["%Y-%m-%d"], "widget": CalendarWidget}
        super().__init__(**usual | kwargs)


class WallTimeFormField(forms.CharField):
    """`HH:MM` on the campus clock; minutes since midnight inside. With `is_end`, `24:00` too."""

    widget = UnfoldAdminTextInputWidget
    pattern: ClassVar[re.Pattern[str]] = TIME
    written: ClassVar[str] = "HH:MM"
    per_minute: ClassVar[int] = 1
    """How many of its units a minute has."""

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        self.latest = MINUTES_PER_DAY * self.per_minute - (0 if is_end else 1)
        example = f"{self.written}, 24:00 for the end of the day" if is_end else self.written
        # The zone is a setting: it is read when the page is shown.
        help_text = lazy(lambda: f"{example}, campus time ({campus_zone().key})", str)()
        super().__init__(**{"help_text": help_text} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        minute, second = self.parts(value)
        return f"{format_minute(minute)}:{second:02}" if second else format_minute(minute)

    def parts(self, value: int) -> tuple[int, int]:
        """The minute of the day and the second of it."""
        minute, rest = divmod(value, self.per_minute)
        return minute, rest

    def to_python(self, value: Any) -> Any:
        if isinstance(value, int) or value in self.empty_values:
            return value
        match = self.pattern.fullmatch(str(value).strip())
        parts = [int(part or 0) for part in match.groups()] if match else []
        time = self._time_of(parts) if parts and max(parts[1:]) < 60 else None
        if time is None or time > self.latest:
            raise ValidationError(f"A time of the form {self.written} is required")
        return time

    def run_validators(self, value: Any) -> None:
        """A number has nothing of a text to be checked."""

    def _time_of(self, parts: list[int]) -> int:
        hour, minute = parts
        return hour * 60 + minute


class WallSecondFormField(WallTimeFormField):
    """The same with seconds where there are some: `HH:MM:SS`; seconds since midnight inside."""

    pattern = TIME_OF_SECOND
    written = "HH:MM or HH:MM:SS"
    per_minute = 60

    def _time_of(self, parts: list[int]) -> int:
        hour, minute, second = parts
        return (hour * 60 + minute) * 60 + second
