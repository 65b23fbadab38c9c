"""Batch allocation over HTTP (contract §7): series, entered and changed by cspace."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.viewsets import CallerViewSet
from accounts.models import User
from accounts.rules import Access, check_cspace
from classrooms.api.examples import room_taken
from kernel import clock
from kernel.api.examples import DAYS_AHEAD
from kernel.api.filters import filtered
from kernel.api.operations import Operation
from kernel.api.permissions import InCSpace, LoggedIn
from kernel.campus_time import campus_date
from kernel.errors import Invalid, PermissionDenied
from registrations.api.batch_serializers import (
    BatchInput,
    CancelQuery,
    SeriesChangeInput,
    SeriesInput,
    SeriesList,
    SeriesOutput,
    asking_for_named,
    named_in,
)
from registrations.api.fields import attendees_in_change
from registrations.api.filters import SeriesFilter
from registrations.api.permissions import MayEnterSeries
from registrations.api.views import rule_broken
from registrations.models import Series
from registrations.queries.series import with_api_relations
from registrations.services.series import SeriesRequest, create_series
from registrations.services.series_cancelling import cancel_series
from registrations.services.series_changes import SeriesChange
from registrations.services.series_dates import SeriesDraft
from registrations.services.series_holding import SeriesIsCutOff, SeriesIsOver, SeriesNotFound
from registrations.services.series_moving import change_series
from registrations.services.series_retrying import retry_skipped

MIXED = "Must be said of all items of a request, or of none"
ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="BatchAllocationInput", serializers=[SeriesInput, BatchInput], resource_type_field_name=None
)
ENTERED = PolymorphicProxySerializer(
    component_name="BatchAllocationOutput", serializers=[SeriesOutput, SeriesList], resource_type_field_name=None
)


def _override_in(items: Sequence[Mapping[str, Any]], access: Access) -> bool:
    """Whether all items go over the rules. Raises: PermissionDenied (not cspace), Invalid (some do, some do not)."""
    wishes = [item.get("override", False) for item in items]
    if any(wishes):
        check_cspace(access)
    if len(set(wishes)) > 1:
        raise Invalid({f"items.{place}.override": [MIXED] for place, wish in enumerate(wishes) if not wish})
    return any(wishes)


def cut_off() -> SeriesIsCutOff:
    """The usual example of a series, cancelled from its first date on."""
    return SeriesIsCutOff(campus_date(clock.now()) + timedelta(days=DAYS_AHEAD))


class BatchAllocationViewSet(CallerViewSet):
    tag = "batch-allocations"

    @Operation(InCSpace, parameters=[SeriesFilter], responses=SeriesList)
    def list(self, request: Request) -> Response:
        return self.listing(
            filtered(SeriesFilter, with_api_relations(Series.objects.in_order()), request), SeriesOutput
        )

    @Operation(
        MayEnterSeries,
        request=ONE_OR_MANY,
        responses={201: ENTERED},
        conflicts=[rule_broken, room_taken],
        ahead=lambda view: asking_for_named(view.body_at_a_glance()).values(),
    )
    def create(self, request: Request) -> Response:
        context = named_in(request.data)
        is_batch = isinstance(request.data, Mapping) and "items" in request.data
        wish = self.body(BatchInput if is_batch else SeriesInput, **context)
        items = [{**wish, **item} for item in wish["items"]] if is_batch else [wish]
        requests = [_series_request(item, place if is_batch else None, self.caller) for place, item in enumerate(items)]
        is_overriding = _override_in(items, self.access)
        rows = create_series(by=self.caller, now=clock.now(), requests=requests, is_overriding=is_overriding)
        if is_batch:
            return Response({"results": [SeriesOutput(series).data for series in rows]}, status=201)
        (series,) = rows
        return self.created(SeriesOutput(series).data, f"/api/v1/batch-allocations/{series.pk}/")

    @Operation(LoggedIn, responses=SeriesOutput, resource="Series")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(SeriesOutput(self._own_series(pk)).data)

    @Operation(
        InCSpace,
        request=SeriesChangeInput,
        responses=SeriesOutput,
        conflicts=[rule_broken, room_taken, SeriesIsOver, cut_off],
        resource="Series",
        ahead=lambda view, pk: asking_for_named(view.body_at_a_glance()).values(),
    )
    def update(self, request: Request, pk: int) -> Response:
        _series(pk)
        wish = self.changes(SeriesChangeInput, **named_in(request.data))
        series = change_series(
            series_id=pk,
            by=self.caller,
            now=clock.now(),
            change=SeriesChange(
                group_id=wish.get("group_id"),
                classroom=wish.get("classroom"),
                day_of_week=wish.get("day_of_week"),
                start_minute=wish.get("start_time"),
                end_minute=wish.get("end_time"),
                ends_on=wish.get("end_date"),
                description=wish.get("description"),
                attendees=attendees_in_change(wish),
                from_day=wish.get("from_date"),
                may_skip=wish.get("on_conflict") != "fail",
                is_overriding=wish.get("override", False),
            ),
        )
        return Response(SeriesOutput(series).data)

    partial_update = update

    @Operation(LoggedIn, parameters=[CancelQuery], responses={204: None}, resource="Series")
    def destroy(self, request: Request, pk: int) -> Response:
        self._own_series(pk)
        query = self.query(CancelQuery)
        cancel_series(
            series_id=pk,
            by=self.caller,
            now=clock.now(),
            from_day=query.get("from_date"),
            is_overriding=query.get("override", False),
        )
        return Response(status=204)

    @Operation(InCSpace, responses=SeriesOutput, conflicts=[SeriesIsOver], resource="Series")
    def retry_skipped(self, request: Request, pk: int) -> Response:
        return Response(SeriesOutput(retry_skipped(series_id=pk, by=self.caller, now=clock.now())).data)

    def _own_series(self, pk: int) -> Series:
        """For cspace any; for others what they have entered themselves, and no word about any other."""
        if not self.access.is_cspace and not Series.objects.filter(pk=pk, created_by=self.caller).exists():
            raise PermissionDenied
        return _series(pk)


def _series(pk: int) -> Series:
    series = with_api_relations(Series.objects.filter(pk=pk)).first()
    if series is None:
        raise SeriesNotFound
    return series


def _series_request(item: Mapping[str, Any], place: int | None, by: User) -> SeriesRequest:
    draft = SeriesDraft(
        group_id=item["group_id"],
        classroom_id=item["classroom"].pk,
        day_of_week=item["day_of_week"],
        start_minute=item["start_time"],
        end_minute=item["end_time"],
        starts_on=item["start_date"],
        ends_on=item["end_date"],
        description=item.get("description", ""),
        attendees=item.get("attendees"),
        created_by_id=item.get("on_behalf_of", by.pk),
    )
    may_skip = item.get("on_conflict") == "skip"
    return SeriesRequest(draft=draft, classroom=item["classroom"], may_skip=may_skip, item=place)
