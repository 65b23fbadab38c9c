"""Rooms with their floor plan, import and export. Every write is a service call."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from import_export import fields, resources, widgets
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import action as list_action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelect2MultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin.acting import actor
from classrooms.admin.pictures import plan_of, plan_of_list, utilisation_context
from classrooms.admin.room_lists import RoomListAdmin
from classrooms.models import Classroom, RoomPart
from classrooms.rules import CAPACITIES, FLOORS, MAX_NAME, code_faults, equipment_faults, name_faults, place_faults
from classrooms.services.rooms import CHANGEABLE, PLACE, change_classroom, create_classroom, delete_classroom
from kernel import clock
from kernel.admin.asking import Step, command
from kernel.admin.forms import JsonFormField, ServiceForm
from kernel.admin.sentences import scrolling
from kernel.admin.site import refuse_nul, site
from kernel.names import one_line
from kernel.tables.cells import marked_as_text

COLUMNS = ("name", *CHANGEABLE)


class Text(widgets.CharWidget):
    """A cell that a spreadsheet would run is marked as text."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return marked_as_text(str(value or ""))


class ClassroomResource(resources.ModelResource):
    """Rows of an export, as `classrooms.importing.room_lists` reads them again."""

    name = fields.Field(attribute="name", column_name="name", widget=Text())
    code = fields.Field(attribute="code", column_name="code", widget=Text())
    type = fields.Field(attribute="type", column_name="type", widget=Text())
    building = fields.Field(attribute="building", column_name="building", widget=Text())
    link = fields.Field(attribute="link", column_name="link", widget=Text())

    class Meta:
        model = Classroom
        fields = COLUMNS
        export_order = COLUMNS


class ClassroomForm(ServiceForm):
    code = forms.CharField(
        required=False,
        max_length=MAX_NAME,
        widget=UnfoldAdminTextInputWidget,
        help_text="What other programs call it by, whatever its name is by then. Empty: its name.",
    )
    capacity = forms.IntegerField(
        min_value=CAPACITIES[0], max_value=CAPACITIES[-1], widget=UnfoldAdminIntegerFieldWidget
    )
    floor = forms.IntegerField(min_value=FLOORS[0], max_value=FLOORS[-1], widget=UnfoldAdminIntegerFieldWidget)
    equipment = JsonFormField(required=False)
    parts = forms.ModelMultipleChoiceField(
        queryset=Classroom.objects.in_order(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="The rooms of which this one consists: who has it has them too.",
    )

    class Meta:
        model = Classroom
        fields = COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            parts = RoomPart.objects.filter(whole=self.instance.pk).order_by("part")
            self.initial.setdefault("parts", list(parts.values_list("part", flat=True)))

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if faults := name_faults(name):
            raise forms.ValidationError(faults)
        return name

    def clean_code(self) -> str:
        code = one_line(self.cleaned_data["code"])
        if faults := code_faults(code):
            raise forms.ValidationError(faults)
        return code

    def clean_equipment(self) -> Any:
        equipment = self.cleaned_data["equipment"] or {}
        if faults := equipment_faults(equipment):
            raise forms.ValidationError(faults)
        return equipment

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name, faults in place_faults({name: cleaned[name] for name in PLACE if name in cleaned}).items():
            self.add_error(name, [forms.ValidationError(fault) for fault in faults])
        return cleaned


@admin.register(Classroom, site=site)
class ClassroomAdmin(ExportMixin, RoomListAdmin):
    form = ClassroomForm
    resource_classes = (ClassroomResource,)
    export_form_class = ExportForm
    formats = [CSV, XLSX]
    list_display = ("name", "floor", "capacity", "is_active", "auto_approve")
    list_filter = ("building", "floor", "is_active", "auto_approve")
    search_fields = ("name", "code", "building")
    ordering = ("floor", "name_order", "id")
    actions = ("delete_unused",)
    actions_list = ("utilisation",)
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    list_before_template = "admin/classrooms/plan_of_list.html"

    class Media:
        css = {"all": ("classrooms/pictures.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Classroom | None = None) -> tuple[str, ...]:
        return ("name", "floor_plan") if obj else ()

    @admin.display(description="Floor plan")
    def floor_plan(self, room: Classroom) -> str:
        """The room's floor in its building at this moment, with a frame around the room.

        Where it is, is read again: a form that was refused has left in `room` what was typed.
        """
        floor, building = Classroom.objects.values_list("floor", "building").get(pk=room.pk)
        rooms = Classroom.objects.on_floor(floor, building=building).in_order()
        return scrolling(plan_of(list(rooms), now=clock.now(), highlighted=room.pk), "Floor plan, to scroll")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the plan of the first floor that the list shows."""
        links = {"has_import_permission": site.has_permission(request), **(extra_context or {})}
        response = super().changelist_view(request, links)
        context = getattr(response, "context_data", None)
        if context and "cl" in context:
            context |= plan_of_list(context["cl"], now=clock.now())
        return response

    @list_action(description="Utilisation", url_path="utilisation", icon="grid_on")  # type: ignore[untyped-decorator]  # unfold has no types
    def utilisation(self, request: HttpRequest) -> TemplateResponse:
        refuse_nul(request)
        context = utilisation_context(request.GET.dict(), now=clock.now())
        page = {**self.admin_site.each_context(request), "title": "Utilisation", "opts": self.opts, "media": self.media}
        return TemplateResponse(request, "admin/classrooms/utilisation.html", page | context)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def save_model(self, request: HttpRequest, obj: Classroom, form: Any, change: bool) -> None:
        names = (*COLUMNS, "parts")
        values = {name: form.cleaned_data[name] for name in names if name in form.cleaned_data}
        if change:
            values = {name: value for name, value in values.items() if name in form.changed_data}
            change_classroom(classroom_id=obj.pk, by=actor(request), now=clock.now(), **values)
        else:
            obj.pk = create_classroom(by=actor(request), now=clock.now(), **values).pk

    @command(description="Delete (only rooms never used)", done="deleted")
    def delete_unused(self, request: HttpRequest, selection: QuerySet[Classroom]) -> Iterator[Step]:
        for room in selection:
            yield Step((room.pk,), room.name, partial(delete_classroom, classroom_id=room.pk))
