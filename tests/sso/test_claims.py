"""What is read of a provider's claims, and what is not believed of them."""

import pytest

from accounts.services.identities import Identity
from sso.claims import identity_of_oidc, identity_of_saml
from sso.failures import SignOnFailed

TOKEN = {"sub": "1", "email": "ada@example.edu", "email_verified": True, "preferred_username": "ada"}
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"


def refused(documents):
    with pytest.raises(SignOnFailed) as failure:
        identity_of_oidc(documents)
    return failure.value.reason


def test_both_documents_say_who_it_is():
    info = {"sub": "1", "given_name": "Ada", "family_name": "Lovelace", "groups": ["a", " ", 5, "b "], "department": 7}
    assert identity_of_oidc({"id_token": TOKEN, "userinfo": info}) == Identity(
        "ada@example.edu", "ada", "Ada Lovelace", "", frozenset({"a", "b"})
    )
    assert identity_of_oidc({"id_token": TOKEN | {"name": "A. L.", "email_verified": "true"}}).display_name == "A. L."


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ({}, "unknown_identity"),
        ({"userinfo": TOKEN}, "unknown_identity"),
        ({"id_token": TOKEN, "userinfo": {"sub": "2"}}, "unknown_identity"),
        ({"id_token": TOKEN, "userinfo": {"email": "x@example.edu", "email_verified": True}}, "unknown_identity"),
        ({"id_token": TOKEN, "userinfo": "ada"}, "unknown_identity"),
        ({"id_token": TOKEN | {"email": ["ada@example.edu"]}}, "unknown_identity"),
        ({"id_token": TOKEN | {"email_verified": "false"}}, "unverified_email"),
        ({"id_token": TOKEN | {"email_verified": "yes, of course"}}, "unverified_email"),
        # The one document vouches for its own address, not for that of the other.
        ({"id_token": TOKEN, "userinfo": {"sub": "1", "email": "boss@example.edu"}}, "unverified_email"),
    ],
)
def test_what_is_not_vouched_for_is_not_believed(documents, reason):
    assert refused(documents) == reason


def test_the_claims_have_the_names_that_are_said(settings):
    settings.OIDC_USERNAME_CLAIM, settings.OIDC_GROUPS_CLAIM = "login", "https://example.edu/teams"
    identity = identity_of_oidc({"id_token": TOKEN | {"login": " al ", "https://example.edu/teams": "Office"}})
    assert (identity.username, identity.groups) == ("al", frozenset({"Office"}))


def test_attributes_have_the_names_that_are_said(settings):
    settings.SAML_TRUST_EMAIL, settings.SAML_ATTRIBUTES = True, {"username": "uid", "groups": "memberOf"}
    attributes = {MAIL: ["ada@example.edu"], "uid": ["ada", "al"], "memberOf": ["a", "b"], "urn:oid:2.5.4.4": ["L"]}
    assert identity_of_saml(attributes) == Identity("ada@example.edu", "ada", "L", "", frozenset({"a", "b"}))


@pytest.mark.parametrize(("word", "is_verified"), [("TRUE", True), ("1", True), ("false", False), ("", False)])
def test_saml_may_say_that_an_address_is_verified(word, is_verified):
    attributes = {MAIL: ["ada@example.edu"], "http://schemas.auth0.com/email_verified": [word]}
    if is_verified:
        assert identity_of_saml(attributes).email == "ada@example.edu"
    else:
        with pytest.raises(SignOnFailed, match="unverified_email"):
            identity_of_saml(attributes)
