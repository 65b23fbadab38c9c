"""Names that show nothing, or hide something, are none; natural spellings with marks are."""

import pytest

from classrooms.rules import name_faults as room_name_faults
from groups.models import Group
from kernel.names import is_visible, one_line
from timetables.importing.forms import WrongForm, text

FORBIDDEN = "Control characters and broken Unicode are not allowed"
NOTHING = [
    "\u3164",
    "\u034f",
    "\u115f",
    "\u1160",
    "\uffa0",
    "\u2800",
    "\u17b4",
    "\u180e",
    "\u2061",
    "\U000e0041",
    "\ufff9",
]
SELECTORS = ["\ufe0f", "\ufe00", "\U000e0100", "\u180b"]
NATURAL = [
    "ชมรมหมากรุก ที่",  # Thai
    "शतरंज क्लब हिन्दी",  # Devanagari
    "מוֹעֲדוֹן שַׁחְמָט",  # pointed Hebrew
    "نَادِي الشِّطْرَنْج",  # vowelled Arabic
    "Hội cờ vua",
    "棋社",
]


@pytest.mark.parametrize("character", NOTHING)
@pytest.mark.parametrize("name", ["{}", "cs{}pace", "{}cspace", "cspace{}"])
def test_what_shows_nothing_is_no_part_of_a_name(api, cspace, character, name):
    response = api(cspace).post("groups/", {"name": name.format(character)})
    assert (response.status_code, list(response.json()["details"])) == (400, ["name"])
    assert room_name_faults(name.format(character))
    with pytest.raises(WrongForm):
        text(100).parse(name.format(character))
    assert Group.objects.count() == 1


@pytest.mark.parametrize("selector", SELECTORS)
def test_variation_selectors_are_ignored(api, cspace, selector):
    """Phones send them with emoji; they make no second cspace, and no name by themselves."""
    assert api(cspace).post("groups/", {"name": f"cs{selector}pace"}).json()["code"] == "ALREADY_EXISTS"
    assert api(cspace).post("groups/", {"name": selector}).json()["details"] == {
        "name": ["This field may not be blank."]
    }
    assert api(cspace).post("groups/", {"name": f"Chess \u2764{selector}"}).json()["name"] == "Chess \u2764"
    assert text(100).parse(f"Chess \u2764{selector}") == "Chess \u2764"


@pytest.mark.parametrize("name", NATURAL)
def test_natural_spellings_are_names(api, cspace, name):
    assert api(cspace).post("groups/", {"name": name}).json()["name"] == one_line(name)
    room = {"name": name, "capacity": 5, "floor": 1}
    response = api(cspace).post("classrooms/", room)
    assert (response.status_code, response.json()["name"]) == (201, one_line(name))
    assert api(cspace).get(response["Location"]).status_code == 200
    assert text(100).parse(name) == name


@pytest.mark.parametrize("marks", ["\u0301", "\u0e31\u0e34", "\u05b8"])
def test_marks_alone_are_no_name(marks):
    assert not is_visible(marks)
    assert room_name_faults(marks)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "a\u0000b"}, ["name"]),
        ({"name": "chess", "note": "a\u0001"}, ["note"]),
        ({"name": "a\u0000", "note": "\u0007"}, ["name", "note"]),
        ({"name": ["x", {"y": "\u009f"}]}, ["name.1.y"]),
        ({"na\u0000me": "chess"}, ["non_field_errors"]),
        (["\u0000"], ["0"]),
    ],
)
def test_a_forbidden_character_names_its_field(api, cspace, body, fields):
    response = api(cspace).post("groups/", body)
    assert response.status_code == 400
    assert response.json()["details"] == {field: [FORBIDDEN] for field in fields}
