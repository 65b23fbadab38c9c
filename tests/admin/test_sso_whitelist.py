"""The whitelist of single sign-on in the admin: put on once, taken off, both in the log without the address."""

import pytest

from accounts.models import SsoWhitelist
from accounts.services.sso_whitelist import add_to_whitelist
from auditlog.models import LogEntry
from kernel import clock
from tests.admin.pages import act, errors, save

LIST = "/admin/accounts/ssowhitelist/"
pytestmark = pytest.mark.django_db


def entries():
    return list(SsoWhitelist.objects.values_list("eppn", flat=True))


def test_somebody_is_put_on_and_taken_off(admin):
    save(admin, f"{LIST}add/", {"eppn": "Guest@Uni.Example"})
    assert entries() == ["Guest@uni.example"]
    act(admin, "accounts/ssowhitelist", "take_off", SsoWhitelist.objects.get())
    assert entries() == []
    assert list(LogEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "sso_whitelist.added",
        "sso_whitelist.removed",
    ]
    assert "uni.example" not in str(list(LogEntry.objects.values_list("details", "target")))


@pytest.mark.parametrize(
    ("eppn", "fault"),
    [
        ("guest@UNI.example", "This address is on the list already"),
        ("guest", "Must be an e-mail address such as ada@example.edu"),
        ("", "This field is required."),
    ],
)
def test_what_is_refused(admin, cspace, eppn, fault):
    add_to_whitelist(eppn="Guest@uni.example", by=cspace, now=clock.now())
    assert errors(admin.post(f"{LIST}add/", {"eppn": eppn})) == {"eppn": [fault]}
    assert entries() == ["Guest@uni.example"]
