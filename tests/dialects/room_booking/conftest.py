"""A department with two rooms and a calendar in each, and a client that shows a key of somebody who uses both."""

import pytest

from tests.dialects.room_booking.scenes import Department, Script, make_department


@pytest.fixture
def department(db, document_clock) -> Department:
    return make_department()


@pytest.fixture
def script(department) -> Script:
    return department.script()
