"""What Django calls suspicious is refused, and is one line of the log: nothing of ours is broken."""

import pytest

USERS = "/admin/accounts/user/"


@pytest.mark.parametrize(
    ("page", "kind", "sentence"),
    [
        (f"{USERS}?password__startswith=argon", "DisallowedModelAdminLookup", "password__startswith"),
        (f"{USERS}?password__regex=%0Aforged", "DisallowedModelAdminLookup", "password__regex"),
        (f"{USERS}?_to_field=password", "DisallowedModelAdminToField", "password"),
        (f"{USERS}add/?_to_field=password", "DisallowedModelAdminToField", "password"),
    ],
)
def test_a_question_that_a_list_does_not_answer_is_one_warning(admin, caplog, page, kind, sentence):
    assert admin.get(page).status_code == 400
    (line,) = [record for record in caplog.records if record.name.startswith("django.security")]
    assert (line.name, line.levelname, line.exc_info) == (f"django.security.{kind}", "WARNING", None)
    assert sentence in line.getMessage()


def test_a_form_of_too_many_fields_is_one_warning(admin, caplog):
    assert admin.post(USERS, {f"field{number}": "x" for number in range(1001)}).status_code == 400
    (line,) = [record for record in caplog.records if record.name.startswith("django.security")]
    assert (line.name, line.levelname, line.exc_info) == ("django.security.TooManyFieldsSent", "WARNING", None)
