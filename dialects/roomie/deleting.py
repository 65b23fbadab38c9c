"""Giving a booking back."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from dialects.roomie.envelope import RoomieRefusal
from groups.queries.key_bearers import KeyBearer
from kernel.errors import PermissionDenied
from registrations.enums import Origin
from registrations.models import Registration
from registrations.queries.registrations import registration_with_uid
from registrations.services.cancelling import cancel_registration
from registrations.services.registration_holding import RegistrationHasStarted, RegistrationNotFound

UNKNOWN = ("UNKNOWN_BOOKING", "There is no booking with this id")
NOT_OWNER = ("NOT_OWNER", "This booking is not yours")
STARTED = ("ALREADY_STARTED", "The booking has already started")


def delete_booking(booking_id: str, bearer: KeyBearer, *, now: datetime) -> None:
    """Cancel a single booking that still holds its room. Raises: RoomieRefusal, PolicyBroken."""
    registration = _booking(booking_id)
    if not _is_owner(registration, bearer):
        raise RoomieRefusal(*NOT_OWNER)
    if registration.occupancy.starts_at <= now:
        raise RoomieRefusal(*STARTED)
    try:
        cancel_registration(
            registration_id=registration.pk,
            by=bearer.user,
            now=now,
            refund_notice=timedelta(hours=settings.ROOMIE_REFUND_NOTICE_HOURS),
        )
    except RegistrationNotFound as refusal:  # somebody else was quicker
        raise RoomieRefusal(*UNKNOWN) from refusal
    except RegistrationHasStarted as refusal:
        raise RoomieRefusal(*STARTED) from refusal
    except PermissionDenied as refusal:
        raise RoomieRefusal(*NOT_OWNER) from refusal


def _booking(booking_id: str) -> Registration:
    try:
        uid = UUID(booking_id)
    except ValueError:
        raise RoomieRefusal(*UNKNOWN) from None
    registration = registration_with_uid(uid)
    if registration is None or not registration.occupancy.is_live or registration.series_id is not None:
        raise RoomieRefusal(*UNKNOWN)
    return registration


def _is_owner(registration: Registration, bearer: KeyBearer) -> bool:
    """Its maker; of what the key of a society has booked whoever has that key, and the presidents."""
    if registration.origin == Origin.SOCIETY:
        return any(
            society.id == registration.group_id and (society.has_president or bearer.society is not None)
            for society in bearer.societies
        )
    return bearer.society is None and registration.created_by_id == bearer.user.pk
