"""A room, and what a taken one looks like, for the published schema."""

from datetime import timedelta

from classrooms.enums import OccupancyKind
from classrooms.queries.obstacles import Obstacle
from classrooms.services.parts import PartsClash
from classrooms.services.room_time import RoomAlreadyBooked
from kernel import clock
from kernel.api.examples import DAYS_AHEAD
from kernel.campus_time import campus_date, campus_interval

ROOM_IN_PATH = {"name": "Room A"}


def room_taken() -> RoomAlreadyBooked:
    """A registration from 9:00 to 11:00 is in the way of the example's wish."""
    return RoomAlreadyBooked([_registration()])


def parts_clash() -> PartsClash:
    """The same is booked in a room that is to be a part."""
    return PartsClash([_registration()])


def _registration() -> Obstacle:
    day = campus_date(clock.now()) + timedelta(days=DAYS_AHEAD)
    return Obstacle(100, OccupancyKind.REGISTRATION, campus_interval(day, 9 * 60, 11 * 60))
