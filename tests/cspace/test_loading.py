"""What our own SQL has read becomes a model by the names of its columns, in whatever order they come."""

from itertools import permutations

import pytest

from groups.models import Group
from kernel.db.loading import instance_of
from registrations.models import Registration
from registrations.services.registration_rows import COLUMNS


@pytest.mark.parametrize("names", list(permutations(["id", "name", "is_system"])))
def test_each_value_goes_to_the_field_it_is_named_after(names):
    values = {"id": 7, "name": "522", "is_system": True}

    group = instance_of(Group, {name: values[name] for name in names})

    assert (group.pk, group.name, group.is_system) == (7, "522", True)


@pytest.mark.django_db
def test_a_column_without_a_value_is_read_when_it_is_asked_for(team, django_assert_num_queries):
    group = instance_of(Group, {"id": team.pk, "name": team.name})

    with django_assert_num_queries(0):
        assert group.name == team.name
    with django_assert_num_queries(1):
        assert group.name_key == team.name_key


@pytest.mark.parametrize("name", ["colour", "user_groups", "pk"])
def test_a_name_that_is_no_column_is_refused(name):
    with pytest.raises(ValueError, match=f"'{name}'.* are no columns of Group"):
        instance_of(Group, {"id": 7, name: 1})


def test_a_registration_is_written_with_all_its_columns():
    """But for what PostgreSQL begins and counts itself."""
    fields = Registration._meta.concrete_fields
    assert set(COLUMNS) == {field.attname for field in fields} - {"revision", "is_still_charged"}
