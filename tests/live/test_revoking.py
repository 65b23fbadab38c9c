"""A stream ends with the session by which it was opened, whoever ends that."""

import pytest

from accounts.services.people import change_user, set_password
from accounts.services.tokens import read_access
from classrooms.streams import RoomFeed, RoomWish
from kernel import clock
from notifications.streams import NoticeFeed
from tests.conftest import Api
from tests.crash.processes import await_true
from tests.factories import PASSWORD, make_user
from tests.live.readers import SECONDS, readers_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def readers():
    with readers_of(NoticeFeed(), RoomFeed()) as readers:
        yield readers


class Device:
    """Somebody who has logged in, with both streams open."""

    def __init__(self, readers, user):
        answer = Api()("POST", "auth/token/", {"username": user.username, "password": PASSWORD})
        self.access = answer.json()["access"]
        family = read_access(self.access, now=clock.now()).family
        self.streams = [
            readers.open("notifications", user=user, family=family),
            readers.open("rooms", RoomWish(), user=user, family=family),
        ]
        for stream, first in zip(self.streams, ("hello", "rooms"), strict=True):
            stream.told(first, 1)

    def log_out(self):
        assert Api()("POST", "auth/logout/", Authorization=f"Bearer {self.access}").status_code == 205

    def ended(self):
        await_true(lambda: all(stream.stream.is_over for stream in self.streams), SECONDS)
        return [stream.told("bye", 1) for stream in self.streams]


REVOKED = [[{"reason": "revoked"}]] * 2


def test_logging_out_ends_the_streams_of_that_device_only(readers):
    user = make_user()
    one, other = Device(readers, user), Device(readers, user)
    one.log_out()
    assert one.ended() == REVOKED
    assert not any(stream.stream.is_over for stream in other.streams)
    other.log_out()
    assert other.ended() == REVOKED


@pytest.mark.parametrize("deed", ["password", "deactivation"])
def test_a_new_password_and_a_deactivation_end_them_all(readers, deed):
    user, stranger, root = make_user(), make_user(), make_user(is_superuser=True)
    devices, other = [Device(readers, user) for _ in range(2)], Device(readers, stranger)
    if deed == "password":
        set_password(user_id=user.pk, by=root, now=clock.now(), password="another " + PASSWORD)
    else:
        change_user(user_id=user.pk, by=root, now=clock.now(), is_active=False)
    assert [device.ended() for device in devices] == [REVOKED, REVOKED]
    assert not any(stream.stream.is_over for stream in other.streams)


def test_a_session_that_ended_while_its_stream_was_being_opened_has_none(readers):
    user = make_user()
    watching, device = Device(readers, user), Device(readers, user)
    family = read_access(device.access, now=clock.now()).family
    device.log_out()
    assert device.ended() == REVOKED
    late = readers.open("notifications", user=user, family=family)
    assert late.told("bye", 1) == [{"reason": "revoked"}]
    assert not any(stream.stream.is_over for stream in watching.streams)
