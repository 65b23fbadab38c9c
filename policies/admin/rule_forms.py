"""A rule as a form: a sentence with gaps for what it limits, and below it for whom, where and when.

What the fields say is put together as a request of the API says it, and read by the same `read_rule`.
"""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, ClassVar

from django import forms
from django.forms.boundfield import BoundField
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from classrooms.models import Classroom
from groups.models import Group
from kernel.admin.forms import DateFormField, NameFormField, ServiceForm, WallTimeFormField
from kernel.campus_time import format_minute
from kernel.errors import DomainError, Invalid
from kernel.written import read_minute
from policies.admin.form_fields import (
    ChoosingFormField,
    LabelFormField,
    WeekdaysFormField,
    WholeNumberFormField,
)
from policies.enums import Effect, LimitType, Period, WhereKind, WhoKind
from policies.queries.rule_rows import named_row
from policies.rules.limits import BOUNDED
from policies.rules.reading import MAX_NAME
from policies.rules.sentences import BOUND_NOUNS, NOUNS
from policies.services.booking_rules import RuleWish, read_rule, shown_rule

EFFECTS = [(Effect.REFUSE, "Refuse the booking"), (Effect.APPROVAL, "Let somebody decide over it")]
WHO = [
    (WhoKind.EVERYBODY, "everybody"),
    (WhoKind.INDIVIDUAL, "bookings without a group"),
    (WhoKind.GROUP_KIND, "groups of a kind"),
    (WhoKind.TAG, "groups with a tag"),
    (WhoKind.GROUP, "one group"),
    (WhoKind.USER, "one person"),
]
WHERE = [
    (WhereKind.EVERYWHERE, "everywhere"),
    (WhereKind.BUILDING, "in a building"),
    (WhereKind.FLOOR, "on a floor, of one building or of all"),
    (WhereKind.CLASSROOM, "in one room"),
]
PERIODS = [
    ("", "at any time of the year"),
    (Period.TERM, "in term time"),
    (Period.EXAM, "in exam periods"),
    (Period.BREAK, "outside of term and exams"),
]
LIFTED = [("", "holds as the sentence says"), ("none", "is lifted: no such limit here")]
SAYS_NOTHING = "Fill in what the sentence leaves open"
# {part of a rule: {its name in the API: the field here}}
PARTS: dict[str, dict[str, str]] = {
    "who": {
        "kind": "who",
        "group_kind": "group_kind",
        "tag": "tag",
        "group_id": "whose_group",
        "username": "username",
    },
    "where": {"kind": "where", "building": "in_building", "floor": "on_floor", "classroom": "room"},
    "during": {"period": "period", "from": "first_day", "until": "last_day"},
    "at": {"weekdays": "only_weekdays", "from": "only_from", "until": "only_until"},
}
SECTIONS = (
    ("For whom", ("who", "group_kind", "tag", "whose_group", "username")),
    ("Where", ("where", "in_building", "on_floor", "room")),
    ("Only for bookings that take place", ("period", "first_day", "last_day")),
    ("Only for bookings that touch", ("only_weekdays", "only_from", "only_until")),
)


class RuleForm(ServiceForm):
    """What every rule says. `of_type`: what it limits; `says`: its sentence, with the fields that stand in it;
    `limit_names`: {name in the API: field}, where they differ; `example`: such a limit as the API says it."""

    of_type: ClassVar[LimitType]
    says: ClassVar[str]
    example: ClassVar[dict[str, Any]] = {}
    limit_names: ClassVar[Mapping[str, str]] = {}
    wish: RuleWish | None = None
    """What was read of it."""

    kind = forms.ChoiceField(widget=forms.HiddenInput)
    name = NameFormField(max_length=MAX_NAME)
    is_active = forms.BooleanField(required=False, initial=True, label="In force", widget=UnfoldBooleanWidget)
    effect = forms.ChoiceField(
        choices=EFFECTS, initial=Effect.REFUSE, label="What breaks it", widget=UnfoldAdminSelectWidget
    )
    lifted = ChoosingFormField(choices=LIFTED, label="The limit")
    who = ChoosingFormField(choices=WHO, initial=WhoKind.EVERYBODY, label="For")
    group_kind = LabelFormField(label="Kind of groups")
    tag = LabelFormField(label="Tag")
    whose_group = forms.ModelChoiceField(
        queryset=Group.objects.living().order_by("name", "id"),
        required=False,
        label="Group",
        widget=UnfoldAdminSelect2Widget,
    )
    username = LabelFormField(label="Username")
    where = ChoosingFormField(choices=WHERE, initial=WhereKind.EVERYWHERE, label="It holds")
    in_building = LabelFormField(label="Building")
    on_floor = WholeNumberFormField(label="Floor")
    room = forms.ModelChoiceField(
        queryset=Classroom.objects.in_order(), required=False, label="Room", widget=UnfoldAdminSelect2Widget
    )
    period = ChoosingFormField(choices=PERIODS, label="When in the year")
    first_day = DateFormField(required=False, label="From this day on")
    last_day = DateFormField(required=False, label="Until this day, included")
    only_weekdays = WeekdaysFormField(label="These days")
    only_from = WallTimeFormField(required=False, label="From")
    only_until = WallTimeFormField(required=False, is_end=True, label="Until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [(self.of_type, NOUNS[self.of_type])]
        kind.initial = self.initial["kind"] = self.of_type
        for field in self.fields.values():
            field.show_hidden_initial = False  # a rule is written whole
        if self.instance.pk is not None:
            self.initial = {**self.initial, **self.initial_of(shown_rule(named_row(self.instance)))}

    @classmethod
    def limit_fields(cls) -> list[str]:
        """The fields that stand in the sentence, in its order."""
        return [name for _, name, _, _ in Formatter().parse(cls.says) if name]

    @property
    def pieces(self) -> Iterator[tuple[str, BoundField | None]]:
        """The sentence: words, and the field behind them."""
        for words, name, _, _ in Formatter().parse(self.says):
            yield words, self[name] if name else None

    @property
    def sections(self) -> list[tuple[str, list[BoundField]]]:
        """What stands below the sentence."""
        return [(title, [self[name] for name in names]) for title, names in SECTIONS]

    @property
    def lifting(self) -> list[BoundField]:
        """What takes the limit away instead."""
        return [self[name] for name in ("lifted", "lifted_bounds") if name in self.fields]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        try:
            self.wish = read_rule(self.body())
        except Invalid as refusal:
            self._show(refusal)
        return cleaned

    def body(self) -> dict[str, Any]:
        """The rule as a request of the API says it."""
        values = self.cleaned_data
        parts = {part: self._said(names) for part, names in PARTS.items()}
        return {
            "name": values.get("name"),
            "is_active": values.get("is_active"),
            "effect": values.get("effect"),
            "who": parts["who"],
            "where": parts["where"],
            "during": parts["during"] or None,
            "at": parts["at"] or None,
            "limit": {"type": self.of_type.value} | (self.lifted_body() if values.get("lifted") else self.limit_body()),
        }

    def limit_body(self) -> dict[str, Any]:
        """What the sentence says, as the API says it."""
        fields = {name: name for name in self.limit_fields()}
        return self._said({api: field for field, api in (fields | self._api_names()).items()})

    def lifted_body(self) -> dict[str, Any]:
        """That there is no such limit."""
        return {"none": self.cleaned_data.get("lifted_bounds") or True}

    def initial_of(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What the fields hold for a rule as answers show it."""
        initial = {name: answer[name] for name in ("name", "is_active", "effect")}
        for part, names in PARTS.items():
            part_json = answer[part] or {}
            initial |= {
                field: _for_field(self.fields[field], part_json[api])
                for api, field in names.items()
                if api in part_json
            }
        limit = {name: value for name, value in answer["limit"].items() if name != "type"}
        if "none" in limit:
            initial |= {"lifted": "none", "lifted_bounds": [] if limit["none"] is True else limit["none"]}
        return initial | self.limit_initial(limit)

    def limit_initial(self, limit: Mapping[str, Any]) -> dict[str, Any]:
        """What the fields of the sentence hold for a limit as answers show it."""
        names = {api: self.limit_names.get(api, api) for api in limit}
        return {
            field: _for_field(self.fields[field], limit[api]) for api, field in names.items() if field in self.fields
        }

    def _api_names(self) -> dict[str, str]:
        return {field: api for api, field in self.limit_names.items()}

    def _said(self, names: Mapping[str, str]) -> dict[str, Any]:
        """{name in the API: what its field says}, of the fields that say something."""
        values = {api: self.cleaned_data.get(field) for api, field in names.items()}
        return {
            api: _for_api(self.fields[names[api]], value)
            for api, value in values.items()
            if value is not None and value != "" and value != []
        }

    def _show(self, refusal: DomainError) -> None:
        """Faults under the fields that they are about; what a field has said itself is not said again."""
        if not isinstance(refusal, Invalid):
            return super()._show(refusal)
        faults, is_unread = dict[str, list[str]](), not self.errors.keys().isdisjoint(self.limit_fields())
        for path, sentences in refusal.details.items():
            field = self._field_at(path)
            if field not in self.errors and not (is_unread and field in self.limit_fields()):
                faults.setdefault(field, []).extend([SAYS_NOTHING] if path == "limit" else sentences)
        if faults:
            super()._show(Invalid(faults))

    def _field_at(self, path: str) -> str:
        """The field here of what the API names by a path."""
        part, _, name = path.partition(".")
        if part in PARTS:
            return PARTS[part].get(name, next(iter(PARTS[part].values())))
        if part != "limit":
            return path
        first = name.partition(".")[0]
        field = self.limit_names.get(first, first)
        return field if field in self.fields else next(iter(self.limit_fields()), path)


def bounds_field(of_type: LimitType) -> forms.MultipleChoiceField:
    """Which bounds of a limit are lifted."""
    choices = [(bound, BOUND_NOUNS[bound]) for bound in BOUNDED[of_type].bounds]
    return forms.MultipleChoiceField(
        choices=choices,
        required=False,
        label="Where it is lifted: only of this (of nothing chosen: all)",
        widget=WeekdaysFormField.widget,
    )


def _for_api(field: forms.Field, value: Any) -> Any:
    """What a field holds as JSON says it."""
    if isinstance(field, WallTimeFormField):
        return format_minute(value)
    if isinstance(value, Group):
        return value.pk
    if isinstance(value, Classroom):
        return value.name
    return value.isoformat() if isinstance(field, DateFormField) else value


def _for_field(field: forms.Field, value: Any) -> Any:
    """The reverse."""
    if isinstance(field, WallTimeFormField):
        return read_minute(value, latest=field.latest)
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None and field.queryset.model is Classroom:
        return Classroom.objects.filter(name=value).values_list("pk", flat=True).first()
    return value
