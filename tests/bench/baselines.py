"""What our operations are compared with, served like them: bare Django views, and the plain way to write each with DRF.

The bare views run no middleware and ask nobody who he is. The plain ones do what an experienced developer writes first:
simplejwt's own authentication, serializers of models, querysets.
"""

from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.models import User
from accounts.services.tokens import _TokenOfAccess
from classrooms.models import Classroom, Occupancy
from classrooms.queries.availability import ROOM_IN_A_SLOT
from groups.models import Group, UserGroup
from notifications.models import Notification
from registrations.models import Registration

INSERT = "INSERT INTO bench_bare (room, starts_at, ends_at) VALUES (1, now(), now() + interval '1 hour') RETURNING id"
AGENDA_DUMP = """
SELECT held.id, held.starts_at, held.ends_at, booking.description, booking.status
  FROM classrooms_occupancy AS held JOIN registrations_registration AS booking ON booking.occupancy_id = held.id
 WHERE held.classroom_id = %s AND held.is_live AND held.starts_at >= %s AND held.starts_at < %s
 ORDER BY held.starts_at
"""


def hello(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"id": 1, "username": "bench-member", "display_name": "bench-member"})


def insert(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(INSERT)
        (row_id,) = cursor.fetchone()
    return JsonResponse({"id": row_id}, status=201)


def availability(request: HttpRequest) -> JsonResponse:
    room = request.GET["room"]
    parameters = [request.GET["starts_at"], request.GET["ends_at"], room, room]
    with connection.cursor() as cursor:
        cursor.execute(ROOM_IN_A_SLOT, parameters)
        rows = cursor.fetchall()
    return JsonResponse({"is_available": rows[0][3] is None, "conflicts": [str(row[3]) for row in rows if row[3]]})


def agenda(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(AGENDA_DUMP, [request.GET["room"], request.GET["first"], request.GET["last"]])
        rows = cursor.fetchall()
    return JsonResponse({"registrations": [[pk, str(start), str(end), *words] for pk, start, end, *words in rows]})


class PlainAuthentication(JWTAuthentication):
    """As it comes, but for the keys, which are named in the token."""

    def get_validated_token(self, raw_token: bytes) -> Any:
        return _TokenOfAccess(raw_token.decode())


class PlainView(APIView):
    authentication_classes = [PlainAuthentication]
    permission_classes: list[Any] = []


class RoomSerializer(serializers.ModelSerializer[Classroom]):
    class Meta:
        model = Classroom
        fields = ["id", "name", "capacity", "floor", "equipment", "is_active"]


class AgendaSerializer(serializers.ModelSerializer[Registration]):
    starts_at = serializers.DateTimeField(source="occupancy.starts_at")
    ends_at = serializers.DateTimeField(source="occupancy.ends_at")
    reserved_by = serializers.CharField(source="created_by.display_name")
    reserved_group = serializers.CharField(source="group.name")

    class Meta:
        model = Registration
        fields = ["pk", "starts_at", "ends_at", "reserved_by", "reserved_group", "description", "status"]


class BookingSerializer(serializers.Serializer[Any]):
    classroom = serializers.SlugRelatedField(slug_field="name", queryset=Classroom.objects.all())
    group_id = serializers.PrimaryKeyRelatedField(queryset=Group.objects.all())
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    description = serializers.CharField(allow_blank=True, required=False)


class PlainRooms(PlainView):
    def get(self, request: Request) -> Response:
        return Response({"results": RoomSerializer(Classroom.objects.filter(floor=0), many=True).data})


class PlainAvailability(PlainView):
    def get(self, request: Request) -> Response:
        room = Classroom.objects.get(name=request.query_params["room"])
        start, end = (parse_datetime(request.query_params[name]) for name in ("starts_at", "ends_at"))
        rows = Occupancy.objects.filter(classroom=room, is_live=True, starts_at__lt=end, ends_at__gt=start)
        return Response({"is_available": not rows, "conflicts": [row.pk for row in rows]})


class PlainAgenda(PlainView):
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = Registration.objects.select_related("occupancy", "group", "created_by").filter(
            occupancy__classroom_id=query["room"],
            occupancy__is_live=True,
            occupancy__starts_at__gte=query["first"],
            occupancy__starts_at__lt=query["last"],
        )
        return Response({"registrations": AgendaSerializer(rows.order_by("occupancy__starts_at"), many=True).data})


class PlainBooking(PlainView):
    def post(self, request: Request) -> Response:
        serializer = BookingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wish = serializer.validated_data
        with transaction.atomic():
            room = Classroom.objects.select_for_update().get(pk=wish["classroom"].pk)
            taken = Occupancy.objects.filter(
                classroom=room, is_live=True, starts_at__lt=wish["ends_at"], ends_at__gt=wish["starts_at"]
            )
            if taken.exists() or not UserGroup.objects.filter(user=request.user, group=wish["group_id"]).exists():
                return Response({"error": "taken"}, status=409)
            occupancy = Occupancy.objects.create(
                classroom=room, starts_at=wish["starts_at"], ends_at=wish["ends_at"], kind="registration"
            )
            booking = Registration.objects.create(
                occupancy=occupancy,
                group=wish["group_id"],
                created_by=request.user,
                status="pending",
                created_at=wish["starts_at"],
            )
            for decider in User.objects.filter(user_groups__group__is_system=True):
                Notification.objects.create(user=decider, description="A request", created_at=wish["starts_at"])
        return Response({"id": booking.pk, "status": booking.status}, status=201)


urlpatterns = [
    path("", hello),
    path("healthz", hello),
    path("api/v1/users/me/", hello),
    path("insert/", insert),
    path("availability/", availability),
    path("agenda/", agenda),
    path("plain/rooms/", PlainRooms.as_view()),
    path("plain/availability/", PlainAvailability.as_view()),
    path("plain/agenda/", PlainAgenda.as_view()),
    path("plain/booking/", PlainBooking.as_view()),
]
