"""The form of each kind of limit: its sentence, and what may stand in the gaps."""

from collections.abc import Mapping
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from kernel.admin.forms import WallTimeFormField
from kernel.campus_time import format_minute
from kernel.wording import WEEKDAYS
from policies.admin.form_fields import (
    MONDAY_FIRST,
    ChoosingFormField,
    DurationFormField,
    PeriodsFormField,
    WeekdaysFormField,
    WholeNumberFormField,
)
from policies.admin.rule_forms import RuleForm, bounds_field
from policies.enums import CountsBy, Late, LimitType, OwnerKind, Per
from policies.rules.reading_limits import GRIDS
from policies.rules.reading_limits import WEEKDAYS as ANCHOR_DAYS

YES = "yes"


class NoBookingForm(RuleForm):
    of_type = LimitType.NO_BOOKING
    says = "No bookings"


class IndividualForm(RuleForm):
    of_type = LimitType.INDIVIDUAL
    says = "Bookings without a group are {allowed}"
    example = {"allowed": True}

    allowed = ChoosingFormField(choices=[(YES, "possible"), ("no", "not possible")], initial=YES, label="They are")

    def limit_body(self) -> dict[str, Any]:
        return {"allowed": self.cleaned_data.get("allowed") == YES}

    def limit_initial(self, limit: Mapping[str, Any]) -> dict[str, Any]:
        return {"allowed": YES if limit.get("allowed", True) else "no"}


class OpeningHoursForm(RuleForm):
    of_type = LimitType.OPENING_HOURS
    says = "Open {weekdays} from {from_time} until {until_time}"
    limit_names = {"from": "from_time", "until": "until_time"}
    example = {"weekdays": [2, 3, 4, 5, 6], "from": "08:00", "until": "22:00"}

    weekdays = WeekdaysFormField(label="On these days")
    from_time = WallTimeFormField(required=False, label="From")
    until_time = WallTimeFormField(required=False, is_end=True, label="Until")


class NoticeForm(RuleForm):
    of_type = LimitType.NOTICE
    says = (
        "Booked at least {min_minutes} before the start and at most {max_days} days ahead,"
        " the last of them from {opens_at} on"
    )
    example = {"min_minutes": 3 * 24 * 60, "max_days": 28}

    min_minutes = DurationFormField(label="Least notice")
    max_days = WholeNumberFormField(label="Days ahead")
    opens_at = WallTimeFormField(required=False, label="The last day opens at")
    lifted_bounds = bounds_field(LimitType.NOTICE)


class CancellingForm(RuleForm):
    of_type = LimitType.CANCEL
    says = "Within {min_minutes} before the start cancelled {then}"
    example = {"min_minutes": 2 * 24 * 60, "then": "late"}

    min_minutes = DurationFormField(label="How long before")
    then = ChoosingFormField(
        choices=[(Late.REFUSE, "not"), (Late.LATE, "only with a mark")], initial=Late.REFUSE, label="Later than that"
    )


class LengthForm(RuleForm):
    of_type = LimitType.LENGTH
    says = "At least {min_minutes} and at most {max_minutes} long"
    example = {"max_minutes": 120}

    min_minutes = DurationFormField(label="Shortest")
    max_minutes = DurationFormField(label="Longest")
    lifted_bounds = bounds_field(LimitType.LENGTH)


class GridForm(RuleForm):
    of_type = LimitType.GRID
    says = "Starting and ending every {minutes} minutes, from {offset} past the hour; or in whole periods: {periods}"
    example = {"minutes": 30}

    minutes = forms.TypedChoiceField(
        choices=[("", "–"), *((each, str(each)) for each in GRIDS)],
        coerce=int,
        empty_value=None,
        required=False,
        label="Minutes",
        widget=UnfoldAdminSelectWidget,
    )
    offset = WholeNumberFormField(label="Minutes past the hour")
    periods = PeriodsFormField(label="Periods")


class AttendeesForm(RuleForm):
    of_type = LimitType.ATTENDEES
    says = "At least {min} attendees and {min_percent} % of the seats taken"
    example = {"min_percent": 50}

    min = WholeNumberFormField(label="Attendees")
    min_percent = WholeNumberFormField(label="Per cent of the seats")
    lifted_bounds = bounds_field(LimitType.ATTENDEES)


class SeriesForm(RuleForm):
    of_type = LimitType.SERIES
    says = "Weekly series by members of at most {max_weeks} weeks and at most {max_per_week} in one week"
    example = {"max_weeks": 8}

    max_weeks = WholeNumberFormField(label="Weeks", help_text="Empty: any number of them")
    max_per_week = WholeNumberFormField(label="Series in one week", help_text="Empty: any number of them")
    lifted_bounds = bounds_field(LimitType.SERIES)


class ConcurrentForm(RuleForm):
    of_type = LimitType.CONCURRENT
    says = "At most {max} bookings at the same time"
    example = {"max": 1}

    max = WholeNumberFormField(label="Bookings")


class GapForm(RuleForm):
    of_type = LimitType.GAP
    says = "{minutes} between two bookings of one room"
    example = {"minutes": 60}

    minutes = DurationFormField(label="Time between them")


class QuotaForm(RuleForm):
    of_type = LimitType.QUOTA
    says = (
        "At most {amount} {unit} {per} {days} for each {of}, counted {counts};"
        " a week begins on {anchor_day} at {anchor_time}"
    )
    limit_names = {"minutes": "amount", "bookings": "amount", "anchor": "anchor_day"}
    example = {"minutes": 720, "per": "week", "counts": "takes_place_in", "of": "group"}

    amount = WholeNumberFormField(label="Amount")
    unit = ChoosingFormField(
        choices=[("hours", "hours"), ("minutes", "minutes"), ("bookings", "bookings")], initial="hours", label="Of what"
    )
    per = ChoosingFormField(
        choices=[
            *((each.value, f"a {each.value}") for each in (Per.DAY, Per.WEEK, Per.MONTH, Per.TERM)),
            (Per.DAYS, "in so many days:"),
            (Per.FUTURE, "outstanding"),
        ],
        initial=Per.WEEK,
        label="In which time",
    )
    days = WholeNumberFormField(label="Days", help_text="Only where it is so many days")
    of = ChoosingFormField(
        choices=[(OwnerKind.GROUP, "group"), (OwnerKind.PERSON, "person")], initial=OwnerKind.GROUP, label="Whose"
    )
    counts = ChoosingFormField(
        choices=[(CountsBy.TAKES_PLACE_IN, "when they take place"), (CountsBy.BOOKED_IN, "when they are booked")],
        initial=CountsBy.TAKES_PLACE_IN,
        label="Counted",
    )
    anchor_day = ChoosingFormField(
        choices=[("", "Monday"), *((ANCHOR_DAYS[day - 1], WEEKDAYS[day - 1]) for day in MONDAY_FIRST)],
        label="A week begins on",
    )
    anchor_time = WallTimeFormField(required=False, label="At")

    def limit_body(self) -> dict[str, Any]:
        values = self.cleaned_data
        amount, unit = values.get("amount"), values.get("unit") or "hours"
        body = {"per": self._per(), "counts": values.get("counts"), "of": values.get("of"), "anchor": self._anchor()}
        if amount is not None:
            body |= {"bookings": amount} if unit == "bookings" else {"minutes": amount * (60 if unit == "hours" else 1)}
        return body

    def lifted_body(self) -> dict[str, Any]:
        values = self.cleaned_data
        unit = "bookings" if values.get("unit") == "bookings" else "minutes"
        return {"none": True, "unit": unit, "per": self._per(), "counts": values.get("counts"), "of": values.get("of")}

    def limit_initial(self, limit: Mapping[str, Any]) -> dict[str, Any]:
        per, day_and_time = limit["per"], (limit.get("anchor") or "").split()
        initial = {"of": limit["of"], "counts": limit.get("counts")}
        initial |= {"per": Per.DAYS, "days": per["days"]} if isinstance(per, dict) else {"per": per}
        if day_and_time:
            hour, minute = map(int, day_and_time[1].split(":"))
            initial |= {"anchor_day": day_and_time[0], "anchor_time": hour * 60 + minute}
        if "bookings" in limit or limit.get("unit") == "bookings":
            return initial | {"unit": "bookings", "amount": limit.get("bookings")}
        minutes = limit.get("minutes", 0)
        if minutes % 60:
            return initial | {"unit": "minutes", "amount": minutes}
        return initial | {"unit": "hours", "amount": minutes // 60 if "minutes" in limit else None}

    def _per(self) -> Any:
        """The time, as the API says it."""
        per = self.cleaned_data.get("per")
        return {"days": self.cleaned_data.get("days")} if per == Per.DAYS else per

    def _anchor(self) -> str | None:
        day, minute = self.cleaned_data.get("anchor_day"), self.cleaned_data.get("anchor_time")
        time = format_minute(minute) if isinstance(minute, int) else ""
        return f"{day or 'MON'} {time or '00:00'}" if day or time else None

    def _field_at(self, path: str) -> str:
        return "days" if path == "limit.per.days" else super()._field_at(path)


class StandingForm(RuleForm):
    of_type = LimitType.STANDING
    says = "Nothing for {effect_days} days after {points} points of marks within {within_days} days"
    example = {"points": 3, "within_days": 120, "effect_days": 90}

    effect_days = WholeNumberFormField(label="Days without")
    points = WholeNumberFormField(label="Points")
    within_days = WholeNumberFormField(label="Gathered in days")


class BufferForm(RuleForm):
    of_type = LimitType.BUFFER
    says = "{before_minutes} before and {after_minutes} after each booking kept free"
    example = {"before_minutes": 15, "after_minutes": 15}

    before_minutes = DurationFormField(label="Before")
    after_minutes = DurationFormField(label="After")
    lifted_bounds = bounds_field(LimitType.BUFFER)


FORMS: dict[str, type[RuleForm]] = {
    form.of_type.value: form
    for form in (
        *(NoBookingForm, IndividualForm, OpeningHoursForm, NoticeForm, CancellingForm, LengthForm, GridForm),
        *(AttendeesForm, SeriesForm, ConcurrentForm, GapForm, QuotaForm, StandingForm, BufferForm),
    )
}
"""In the order of the contract's table."""
