"""Bookings that a society has made itself: approved at once where a dialect says so, given up by its admins."""

import datetime as dt

import pytest
import time_machine

from auditlog.models import LogEntry
from kernel import clock
from kernel.errors import PermissionDenied
from registrations.enums import Origin
from registrations.services.booking import BookingRequest, Slot, make_booking
from registrations.services.cancelling import cancel_registration
from registrations.services.registration_holding import RegistrationHasStarted, RegistrationNotFound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("document_clock")]


@pytest.fixture
def booked(member, team, room):
    """Make a booking of the team by its member, which comes in through a door."""

    def book(origin, **more):
        slot = Slot(dt.date(2026, 2, 1), 600, 660)
        request = BookingRequest(classroom=room, group_id=team.pk, slot=slot, origin=origin, **more)
        return make_booking(by=member, now=clock.now(), request=request)

    return book


@pytest.mark.parametrize(("is_approved", "status"), [(True, "approved"), (False, "pending")])
def test_it_is_approved_at_once_where_that_is_said(booked, is_approved, status):
    registration = booked(Origin.SOCIETY, is_approved=is_approved)
    registration.refresh_from_db()
    assert (registration.origin, registration.status) == ("society", status)


def test_an_admin_of_the_society_cancels_it(booked, group_admin):
    registration = booked(Origin.SOCIETY)
    cancel_registration(registration_id=registration.pk, by=group_admin, now=clock.now())
    registration.refresh_from_db()
    assert registration.status == "cancelled"
    assert LogEntry.objects.filter(action="registration.cancelled", actor_id=group_admin.pk).count() == 1
    with pytest.raises(RegistrationNotFound):
        cancel_registration(registration_id=registration.pk, by=group_admin, now=clock.now())


@pytest.mark.parametrize("origin", [Origin.CSPACE, Origin.ROOMIE])
def test_what_a_person_has_booked_for_it_he_alone_cancels(booked, group_admin, origin):
    with pytest.raises(PermissionDenied):
        cancel_registration(registration_id=booked(origin).pk, by=group_admin, now=clock.now())


def test_strangers_cancel_none(booked, stranger):
    with pytest.raises(PermissionDenied):
        cancel_registration(registration_id=booked(Origin.SOCIETY).pk, by=stranger, now=clock.now())


def test_it_is_too_late_once_it_has_started(booked, group_admin):
    registration = booked(Origin.SOCIETY)
    with time_machine.travel(registration.occupancy.starts_at, tick=False), pytest.raises(RegistrationHasStarted):
        cancel_registration(registration_id=registration.pk, by=group_admin, now=clock.now())
