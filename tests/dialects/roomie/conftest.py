"""The house as the document has it: its rules, a room for everybody and one for societies, a society and its people.

The clock stands on a Tuesday at ten.
"""

import pytest

from tests.dialects.roomie.scenes import House, make_house


@pytest.fixture
def house(db, document_clock) -> House:
    return make_house()
