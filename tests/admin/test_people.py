"""People in the admin: who may make, change and take over whom, and that the service does it."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Preferences, User
from accounts.services.people import change_user, create_user, set_password
from auditlog.models import LogEntry
from kernel import clock
from kernel.errors import PermissionDenied
from outbox.models import Letter
from tests.admin.pages import act, actions, errors, said, save, typed
from tests.factories import PASSWORD, make_user

PEOPLE = "/admin/accounts/user/"
NEW_PASSWORD = "another long one 77"
INVISIBLE = "Control, bidirectional and invisible characters are not allowed"


def twice(password):
    return {"password1": password, "password2": password}


TWICE = twice(NEW_PASSWORD)
NEW = {"username": "lovelace-ada", "display_name": "Ada  Ö"} | TWICE


@pytest.fixture
def root(db):
    return make_user("root", is_superuser=True)


@pytest.fixture
def manager(cspace_admin, browser):
    return browser(cspace_admin)


def as_it_is(user):
    """The form of a person as the page shows it."""
    ticked = {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    return {"display_name": user.display_name, "email": user.email} | ticked


def page_of(user, page="change"):
    return f"{PEOPLE}{user.pk}/{page}/"


def test_a_person_is_made_by_the_service(manager, cspace_admin):
    assert manager.post(f"{PEOPLE}add/", NEW).status_code == 302
    ada = User.objects.get(username="lovelace-ada")
    assert (ada.display_name, ada.is_active, ada.is_staff, ada.is_superuser) == ("Ada  Ö", True, False, False)
    assert ada.check_password(NEW_PASSWORD)
    assert list(LogEntry.objects.values_list("action", "target", "actor")) == [
        ("user.created", f"user:{ada.pk}", cspace_admin.pk)
    ]


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"username": "CSPACE ADMIN"}, "username", "Letters, digits and _ . @ + - only"),
        ({"username": "cspace_admin"}, "username", "User with this Username already exists."),
        ({"username": ""}, "username", "This field is required."),
        ({"username": "a" * 151}, "username", "Ensure this value has at most 150 characters (it has 151)."),
        ({"display_name": "Ada\u202eadA"}, "display_name", INVISIBLE),
        ({"display_name": "\x00"}, "display_name", INVISIBLE),
        ({"display_name": " "}, "display_name", "This field is required."),
        ({"password2": "other"}, "password2", "The two password fields didn’t match."),
        (twice("short"), "password2", "This password is too short. It must contain at least 8 characters."),
        (twice("lovelace-ad"), "password2", "The password is too similar to the username."),
        (twice("x" * 4097), "password1", "Ensure this value has at most 4096 characters (it has 4097)."),
    ],
)
def test_a_wrong_value_is_named_and_nobody_is_made(manager, wrong, field, sentence):
    response = manager.post(f"{PEOPLE}add/", NEW | wrong)
    assert sentence in errors(response)[field]
    assert typed(response, "username") == [(NEW | wrong)["username"]]
    assert User.objects.count() == 1
    assert actions() == []


def test_a_password_is_never_shown_again(manager):
    response = manager.post(f"{PEOPLE}add/", NEW | {"username": ""})
    assert NEW_PASSWORD not in response.content.decode()


def test_a_person_is_changed_by_the_service_and_a_second_time_not_at_all(manager, member):
    form = as_it_is(member) | {"display_name": "New Name"}
    for _ in range(2):
        assert manager.post(page_of(member), form).status_code == 302
    member.refresh_from_db()
    assert (member.display_name, member.is_active) == ("New Name", True)
    assert [row.details["changes"] for row in LogEntry.objects.all()] == [{"display_name": ["Mem Ber", "New Name"]}]


def test_an_address_is_set_without_being_confirmed_and_the_log_does_not_have_it(manager, member, settings):
    settings.CSPACE_MAIL_LEAVES = "by_smtp"
    Preferences.objects.create(user=member, pending_email="wish@example.edu", mail="daily")
    for email, kept in (("Ada@Example.EDU", "Ada@example.edu"), ("byron@example.edu", "byron@example.edu"), ("", "")):
        save(manager, page_of(member), as_it_is(member) | {"email": email})
        member.refresh_from_db()
        assert member.email == kept
    assert Preferences.objects.values_list("pending_email", "mail").get() == ("", "daily")
    assert [row.details["changes"] for row in LogEntry.objects.order_by("id")] == [
        {"email": ["", "an address"]},
        {"email": ["an address", "an address"]},
        {"email": ["an address", ""]},
    ]
    assert [row.arguments["email"] for row in Letter.objects.order_by("id")] == ["Ada@example.edu", "byron@example.edu"]


def test_a_person_may_be_made_with_an_address(manager):
    assert manager.post(f"{PEOPLE}add/", NEW | {"email": "ada@example.edu"}).status_code == 302
    assert User.objects.get(username="lovelace-ada").email == "ada@example.edu"


@pytest.mark.parametrize(
    "email", ["ada", "Ada <ada@example.edu>", "adé@example.edu", "ada@example.edu\r\nBcc: x@y.edu"]
)
def test_what_is_no_address_is_said_on_the_page(manager, member, email):
    response = manager.post(page_of(member), as_it_is(member) | {"email": email})
    assert errors(response) == {"email": ["Must be an e-mail address such as ada@example.edu"]}
    member.refresh_from_db()
    assert member.email == ""


def test_a_person_unticked_as_active_loses_every_session(manager, member):
    form = as_it_is(member)
    form.pop("is_active")
    save(manager, page_of(member), form)
    version = member.token_version
    member.refresh_from_db()
    assert (member.is_active, member.token_version) == (False, version + 1)
    assert actions() == ["user.changed"]


def test_another_persons_password_is_set_by_the_service(manager, member):
    response = manager.post(page_of(member, "password"), TWICE, follow=True)
    assert said(response) == ["member: the password is set, every session has ended."]
    version = member.token_version
    member.refresh_from_db()
    assert member.check_password(NEW_PASSWORD)
    assert member.token_version == version + 1
    assert actions() == ["user.password_set"]


@pytest.mark.parametrize("wrong", [{"password2": "other"}, twice("member-1"), twice("1234"), {"password1": ""}])
def test_a_wrong_password_is_not_set(manager, member, wrong):
    response = manager.post(page_of(member, "password"), TWICE | wrong)
    assert response.status_code == 200
    assert response.context["form"].errors
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert actions() == []


def test_ones_own_password_needs_the_old_one(manager, cspace_admin):
    response = manager.post(page_of(cspace_admin, "password"), TWICE)
    assert (response.status_code, response["Location"]) == (302, "/admin/password_change/")
    cspace_admin.refresh_from_db()
    assert cspace_admin.check_password(PASSWORD)
    assert actions() == []


def test_a_plain_cspace_member_only_looks(admin, member, cspace):
    assert admin.get(page_of(member)).status_code == 200
    assert b'name="display_name"' not in admin.get(page_of(member)).content
    for response in (
        admin.get(f"{PEOPLE}add/"),
        admin.post(f"{PEOPLE}add/", NEW),
        admin.post(page_of(member), as_it_is(member) | {"display_name": "X"}),
        admin.get(page_of(member, "password")),
        admin.post(page_of(member, "password"), TWICE),
    ):
        assert response.status_code == 403
    member.refresh_from_db()
    assert (member.display_name, member.check_password(PASSWORD)) == ("Mem Ber", True)
    response = act(admin, "accounts/user", "deactivate", member)
    assert said(response) == ["member: You do not have permission to perform this action"]
    assert User.objects.get(pk=member.pk).is_active
    assert actions() == []


@pytest.mark.parametrize("page", ["", "add/", "1/change/", "1/password/"])
def test_whoever_is_not_in_cspace_sees_no_page_of_people(member, stranger, browser, page):
    for client in (browser(member), browser(stranger), Client()):
        response = client.post(PEOPLE + page, NEW)
        assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/admin/login/")
    assert actions() == []


def test_a_cspace_admin_grants_no_superuser(manager, member):
    assert manager.post(f"{PEOPLE}add/", NEW | {"is_superuser": "on"}).status_code == 302
    assert manager.post(page_of(member), as_it_is(member) | {"is_superuser": "on"}).status_code == 302
    assert list(User.objects.filter(is_superuser=True)) == []
    assert actions() == ["user.created"]


def test_a_cspace_admin_takes_no_superuser_over(manager, root):
    assert manager.get(page_of(root)).status_code == 200
    for page, form in (("change", as_it_is(root) | {"display_name": "X"}), ("password", TWICE)):
        assert manager.post(page_of(root, page), form).status_code == 403
    response = act(manager, "accounts/user", "deactivate", root)
    assert said(response) == ["root: You do not have permission to perform this action"]
    root.refresh_from_db()
    assert (root.display_name, root.is_active, root.check_password(PASSWORD)) == ("root", True, True)
    assert actions() == []


def test_a_superuser_makes_superusers(root, member, browser):
    client = browser(root)
    client.post(f"{PEOPLE}add/", NEW | {"is_superuser": "on"})
    save(client, page_of(member), as_it_is(member) | {"is_superuser": "on"})
    assert set(User.objects.filter(is_superuser=True).values_list("username", flat=True)) == {
        "root",
        "lovelace-ada",
        "member",
    }
    assert actions() == ["user.created", "user.changed"]


def test_the_service_itself_lets_nobody_but_a_superuser_at_superusers(root, member, cspace_admin):
    now = clock.now()
    for call in (
        lambda: create_user(by=cspace_admin, now=now, username="x", password=None, is_superuser=True),
        lambda: change_user(user_id=member.pk, by=cspace_admin, now=now, is_superuser=True),
        lambda: change_user(user_id=cspace_admin.pk, by=cspace_admin, now=now, is_superuser=True),
        lambda: change_user(user_id=root.pk, by=cspace_admin, now=now, is_superuser=False),
        lambda: change_user(user_id=root.pk, by=cspace_admin, now=now, is_active=False),
        lambda: set_password(user_id=root.pk, by=cspace_admin, now=now, password=NEW_PASSWORD),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert list(User.objects.filter(is_superuser=True, is_active=True)) == [root]
    assert User.objects.get(pk=root.pk).check_password(PASSWORD)
    assert actions() == []


def test_a_superuser_sets_his_own_password(root):
    set_password(user_id=root.pk, by=root, now=clock.now(), password=NEW_PASSWORD)
    root.refresh_from_db()
    assert root.check_password(NEW_PASSWORD)
    assert actions() == ["user.password_set"]


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/password/"])
def test_a_foreign_page_cannot_post_here(cspace_admin, member, page):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cspace_admin)
    response = client.post(PEOPLE + page.format(member.pk), NEW | as_it_is(member) | {"display_name": "X"})
    assert response.status_code == 403
    assert User.objects.count() == 2
    assert actions() == []


@pytest.mark.parametrize("name", ["\u3164", "Campus\u200b Admin", "\u2800", "A\ufe0f", "\u0301", "a\u0000b", "A\nB"])
def test_the_command_line_makes_nobody_whose_name_hides_something(db, name, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "long and not common")
    with pytest.raises(CommandError, match=INVISIBLE):
        call_command("createsuperuser", interactive=False, username="first", display_name=name)
    assert not User.objects.exists()


def test_the_command_line_makes_whoever_has_a_natural_name(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "long and not common")
    call_command("createsuperuser", interactive=False, username="first", display_name="ณัฐ שָׁלוֹם", verbosity=0)
    assert User.objects.get().display_name == "ณัฐ שָׁלוֹם"
