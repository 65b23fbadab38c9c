"""What makes two group names the same, and what is no name at all."""

import pytest

from groups.models import Group
from groups.rules import name_key


@pytest.mark.parametrize(
    "name", ["cspace", "CSPACE", " cSpace ", "ｃｓｐａｃｅ", "ＣＳＰＡＣＥ", "c\u017fpace", "\u3000cspace\u00a0"]
)
def test_look_alikes_have_one_key(name):
    assert name_key(name) == "cspace"


@pytest.mark.parametrize("name", ["cspace2", "c space", "сspace", "class"])  # the third begins with a Cyrillic letter
def test_others_do_not(name):
    assert name_key(name) != "cspace"


@pytest.mark.parametrize("name", ["Straße", "ﬁsh", "ǅ", "İstanbul", "ΣΊΣΥΦΟΣ", "㋿", "e\u0301"])
def test_the_key_of_a_key_is_itself(name):
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize("name", ["CSPACE", "  cspace ", "ｃｓｐａｃｅ"])
def test_a_look_alike_of_the_system_group_is_refused(api, cspace, name):
    response = api(cspace).post("groups/", {"name": name})
    assert (response.status_code, response.json()) == (
        409,
        {
            "error": "A group with this name already exists",
            "code": "ALREADY_EXISTS",
            "details": {"name": ["A group with this name already exists"]},
        },
    )
    assert Group.objects.count() == 1


def test_a_name_is_trimmed_and_kept_as_it_is_written(api, cspace):
    response = api(cspace).post("groups/", {"name": "  Straße 5 "})
    group = Group.objects.get(is_system=False)
    assert (response.status_code, response.json()) == (201, {"id": group.pk, "name": "Straße 5"})
    assert response["Location"] == f"/api/v1/groups/{group.pk}/"
    assert api(cspace).post("groups/", {"name": "STRASSE 5"}).status_code == 409


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u3000", "x" * 101, "a\u200bb", "a\u202eb", "a\nb", "a\u2066b", None, 5, True, ["x"], {}],
)
def test_what_is_no_name(api, cspace, name):
    response = api(cspace).post("groups/", {"name": name})
    assert (response.status_code, response.json()["code"]) == (400, "VALIDATION_ERROR")
    assert list(response.json()["details"]) == ["name"]
    assert Group.objects.count() == 1


@pytest.mark.parametrize("letter", ["x", "中", "\U0001d54f", "ﬃ", "㍿", "ΐ"])
def test_a_hundred_characters_are_a_name(api, cspace, letter):
    assert api(cspace).post("groups/", {"name": letter * 100}).status_code == 201


def test_a_name_whose_key_is_much_longer_is_refused(api, cspace):
    """One Arabic ligature becomes eighteen letters."""
    response = api(cspace).post("groups/", {"name": "\ufdfa" * 100})
    assert (response.status_code, response.json()["details"]) == (400, {"name": ["This name is too long"]})
