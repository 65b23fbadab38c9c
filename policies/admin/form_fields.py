"""What the forms of rules ask for beside dates and times: lengths of time as people say them, and named periods."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from kernel.campus_time import MINUTES_PER_DAY
from kernel.wording import WEEKDAYS
from policies.rules.sentences import minutes_in_words

LENGTH = re.compile(r"([0-9]{1,9}) ?(minutes?|min|hours?|h|days?|d)?")
MINUTES_OF = {"m": 1, "h": 60, "d": MINUTES_PER_DAY}
NO_LENGTH = 'A length of time like "90 minutes", "2 hours" or "3 days" is required'
PERIOD = re.compile(r"([0-9]{1,2}:[0-9]{2}) ?[-–] ?([0-9]{1,2}:[0-9]{2}) +(.+)")
NO_PERIOD = 'Line {}: a period like "08:15–09:05 First" is required'
MONDAY_FIRST = (2, 3, 4, 5, 6, 7, 1)


class WholeNumberFormField(forms.IntegerField):
    """A whole number, or nothing: what it may be `read_rule` says."""

    widget = UnfoldAdminIntegerFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"required": False}
        super().__init__(**usual | kwargs)


class ChoosingFormField(forms.ChoiceField):
    """One of some words."""

    widget = UnfoldAdminSelectWidget

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"required": False}
        super().__init__(**usual | kwargs)


class LabelFormField(forms.CharField):
    """A word that rules know somebody or something by."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"required": False}
        super().__init__(**usual | kwargs)


class DurationFormField(forms.CharField):
    """A length of time as the sentences say it, "90 minutes", "2 hours", "3 days"; minutes inside."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"required": False, "help_text": "90 minutes, 2 hours, 3 days"}
        super().__init__(**usual | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return minutes_in_words(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        if not text:
            return None
        match = LENGTH.fullmatch(" ".join(text.lower().split()))
        if match is None:
            raise ValidationError(NO_LENGTH)
        return int(match[1]) * MINUTES_OF[(match[2] or "m")[0]]

    def run_validators(self, value: Any) -> None:
        """A number has nothing of a text to be checked."""


class WeekdaysFormField(forms.TypedMultipleChoiceField):
    """Days of the week, 1 = Sunday … 7 = Saturday, shown from Monday on."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **kwargs: Any) -> None:
        days = [(day, WEEKDAYS[day - 1]) for day in MONDAY_FIRST]
        usual: dict[str, Any] = {"choices": days, "coerce": int, "required": False}
        super().__init__(**usual | kwargs)


class PeriodsFormField(forms.CharField):
    """Named periods of the day, one a line: "08:15–09:05 First"; as JSON says them inside."""

    widget = UnfoldAdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        usual: dict[str, Any] = {"required": False, "help_text": "One a line: 08:15–09:05 First"}
        super().__init__(**usual | kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{each['from']}–{each['until']} {each['name']}" for each in value)

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(super().to_python(value) or "").splitlines()]
        periods, faults = [], []
        for number, line in enumerate(lines, start=1):
            match = PERIOD.fullmatch(line)
            if match is not None:
                periods.append({"from": match[1], "until": match[2], "name": match[3]})
            elif line:
                faults.append(NO_PERIOD.format(number))
        if faults:
            raise ValidationError(faults)
        return periods

    def run_validators(self, value: Any) -> None:
        """What the periods may be `read_rule` says."""
