"""Whose a registration is, in the words of those who count what somebody has."""

from kernel.db.batch import Statement

OWNERS = "SELECT group_id, created_by_id FROM registrations_registration WHERE occupancy_id = %s"


def asking_for_owners_of(registration_id: int) -> Statement:
    """The query of (id of the group or None, id of the person) of a registration, whatever has become of it."""
    return Statement(OWNERS, (registration_id,))
