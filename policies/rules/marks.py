"""What marks may say (policy §6). Pure."""

from collections.abc import Sequence

from kernel.errors import Faults
from policies.rules.scopes import Owner

MAX_POINTS = 10
MAX_NOTE = 500
MAX_REASON = 500
UNKNOWN_REGISTRATION = "Unknown registration"
FOREIGN_REGISTRATION = "This registration is somebody else's"
ONE_OWNER = "Either group_id or username is required, not both"


def registration_faults(owner: Owner | None, owners: Sequence[Owner]) -> Faults:
    """What keeps a mark from being about a registration: `owners` says whose that is, nobody's if there is none.

    `owner`: whose mark it is; None, where that is not known.
    """
    if not owners:
        return {"registration_id": [UNKNOWN_REGISTRATION]}
    return {} if owner is None or owner in owners else {"registration_id": [FOREIGN_REGISTRATION]}
