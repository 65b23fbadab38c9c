"""Which tokens are believed: T17, and the change of keys."""

import base64
import hashlib
import hmac
import json
import uuid

import jwt
import pytest
from django.conf import settings as configured

from accounts.models import RefreshSession
from accounts.services.keys import key_id
from accounts.services.tokens import issue_access
from kernel import clock
from tests.factories import PASSWORD

OTHER_KEY = "another key of sufficient length for this 0123456789"
DIGESTS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forge(header, payload, key):
    """A token with any header whatever, signed with `key`: libraries refuse to make some of these."""
    header = {name: value for name, value in header.items() if value is not None}
    payload = {name: value for name, value in payload.items() if value is not None}
    signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(payload).encode())}"
    digest = DIGESTS.get(header.get("alg") if isinstance(header.get("alg"), str) else "HS256")
    signature = hmac.new(key.encode(), signed.encode(), digest).digest() if digest else b""
    return f"{signed}.{encoded(signature)}"


def genuine(user):
    now = int(clock.now().timestamp())
    header = {"alg": "HS256", "typ": "JWT", "kid": key_id(configured.CSPACE_JWT_KEY)}
    payload = {
        "token_type": "access",
        "user_id": user.pk,
        "tv": 0,
        "family": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
        "iss": "cspace",
        "aud": "cspace",
    }
    return header, payload


def reason(response):
    assert (response.status_code, response.json()["code"]) == (401, "NOT_AUTHENTICATED")
    assert response["WWW-Authenticate"] == "Bearer"
    return response.json()["details"]["reason"]


def test_the_unchanged_token_of_these_tests_is_believed(api, member):
    token = forge(*genuine(member), configured.CSPACE_JWT_KEY)
    assert api().get("users/me/", Authorization=f"Bearer {token}").json()["username"] == "member"


@pytest.mark.parametrize(
    ("header", "payload", "key"),
    [
        ({}, {}, OTHER_KEY),
        ({}, {}, configured.SECRET_KEY),
        ({"kid": key_id(OTHER_KEY)}, {}, OTHER_KEY),
        ({"kid": None}, {}, None),
        ({"kid": "../../dev/null"}, {}, None),
        ({"kid": ["a"]}, {}, None),
        ({"jku": "https://evil.example/keys"}, {}, OTHER_KEY),
        ({"jwk": {"kty": "oct", "k": encoded(OTHER_KEY.encode())}}, {}, OTHER_KEY),
        ({"alg": "none"}, {}, None),
        ({"alg": "None"}, {}, None),
        ({"alg": "HS512"}, {}, None),
        ({"alg": "RS256"}, {}, None),
        ({"alg": ["HS256"]}, {}, None),
        ({"alg": None}, {}, None),
        ({}, {"token_type": "refresh"}, None),
        ({}, {"token_type": None}, None),
        ({}, {"iss": "else"}, None),
        ({}, {"iss": None}, None),
        ({}, {"aud": "else"}, None),
        ({}, {"aud": None}, None),
        ({}, {"exp": None}, None),
        ({}, {"exp": "soon"}, None),
        ({}, {"exp": 1e400}, None),
        ({}, {"jti": None}, None),
        ({}, {"nbf": 2**40}, None),
        ({}, {"user_id": "abc"}, None),
        ({}, {"user_id": {"a": 1}}, None),
        ({}, {"user_id": True}, None),
        ({}, {"user_id": 0}, None),
        ({}, {"user_id": 2**70}, None),
        ({}, {"tv": None}, None),
        ({}, {"tv": True}, None),
        ({}, {"tv": 2**70}, None),
        ({}, {"family": 7}, None),
        ({}, {"family": None}, None),
    ],
)
def test_forged_tokens(api, member, header, payload, key):
    first_header, first_payload = genuine(member)
    token = forge(first_header | header, first_payload | payload, key or configured.CSPACE_JWT_KEY)
    bearer = {"Authorization": f"Bearer {token}"}
    assert reason(api().get("users/me/", **bearer)) == "token_invalid"
    assert reason(api().post("auth/logout/", **bearer)) == "token_invalid"


@pytest.mark.parametrize(
    "text", ["x", "a.b.c", "..", "é.é.é", "e30.e30.", "bnVsbA.e30.AA", "W10.W10.AA", "a" * 5000, "a b c", '{"a": 1}']
)
def test_what_is_no_token(api, member, text):
    bearer = {"Authorization": f"Bearer {text}"}
    assert reason(api().get("users/me/", **bearer)) == "token_invalid"
    assert reason(api().post("auth/logout/", **bearer)) == "token_invalid"
    client = api()
    client.client.cookies["refresh_token"] = text
    response = client.post("auth/token/refresh/")
    assert reason(response) == "token_invalid"
    assert response.cookies["refresh_token"].value == ""


def test_a_tampered_payload(api, member, stranger):
    head, _, signature = issue_access(member, family=uuid.uuid4()).split(".")
    payload = encoded(json.dumps(genuine(stranger)[1]).encode())
    assert reason(api().get("users/me/", Authorization=f"Bearer {head}.{payload}.{signature}")) == "token_invalid"


@pytest.mark.parametrize("changes", [{"token_type": "access"}, {"jti": 7}, {"jti": None}, {"family": "x"}])
def test_forged_refresh_tokens(api, member, changes):
    header, payload = genuine(member)
    client = api()
    token = forge(header, payload | {"token_type": "refresh"} | changes, configured.CSPACE_JWT_KEY)
    client.client.cookies["refresh_token"] = token
    response = client.post("auth/token/refresh/")
    assert reason(response) == "token_invalid"
    assert response.cookies["refresh_token"].value == ""


def test_a_key_is_changed_without_ending_a_session(api, member, settings):
    settings.CSPACE_ROTATE_REFRESH = True
    former_key = settings.CSPACE_JWT_KEY
    client = api()
    access = client.post("auth/token/", {"username": "member", "password": PASSWORD}).json()["access"]
    bearer = {"Authorization": f"Bearer {access}"}

    settings.CSPACE_JWT_KEY, settings.CSPACE_JWT_KEY_FALLBACKS = OTHER_KEY, [former_key]
    assert api().get("users/me/", **bearer).status_code == 200
    newer = client.post("auth/token/refresh/").json()["access"]
    assert jwt.get_unverified_header(newer) == {"alg": "HS256", "typ": "JWT", "kid": key_id(OTHER_KEY)}

    settings.CSPACE_JWT_KEY_FALLBACKS = []
    assert reason(api().get("users/me/", **bearer)) == "token_invalid"
    assert api().get("users/me/", Authorization=f"Bearer {newer}").status_code == 200
    assert client.post("auth/token/refresh/").status_code == 200
    assert RefreshSession.objects.values("family").distinct().count() == 1
    assert client.post("auth/logout/", **bearer).status_code == 401


def test_a_key_id_does_not_show_the_key():
    assert key_id(OTHER_KEY) == key_id(OTHER_KEY) != key_id(OTHER_KEY + "x")
    assert len(key_id(OTHER_KEY)) == 16
