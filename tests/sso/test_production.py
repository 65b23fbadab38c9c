"""In a production the provider is reached by TLS, and every cookie is for TLS alone."""

import json
import ssl

import pytest

from tests.serving.productions import BEHIND_TLS
from tests.sso.campus import campus
from tests.sso.saml_provider import saml_provider
from tests.sso.silent_provider import silent_provider
from tests.sso.test_signing_on import cookies_of, without_times

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db]


def described(issuer):
    """What a provider says of itself."""
    places = {f"{name}_endpoint": f"{issuer}/{name}" for name in ("authorization", "token", "userinfo")}
    return json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/keys", **places})


def test_the_state_is_told_by_tls_alone(browse, folder, database):
    provider = saml_provider()
    (folder / "certificate.pem").write_text(provider.certificate)
    (folder / "key.pem").write_text(provider.private_key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    production = {
        "CSPACE_ENV": "production",
        "CSPACE_THROTTLE": "on",
        "CSPACE_PUBLIC_URL": "https://rooms.example.edu",
        "REQUESTS_CA_BUNDLE": str(folder / "certificate.pem"),
    }
    with silent_provider(described, tls) as issuer, campus(folder, database, issuer, **production) as server:
        answer = browse(server, **BEHIND_TLS).begin()
        assert answer.status_code == 302, server.server.printed()
        assert answer.headers["Location"].startswith(f"{issuer}/authorization?")
        assert "redirect_uri=https%3A%2F%2Frooms.example.edu%2Fsso%2Foidc%2Fcallback%2F" in answer.headers["Location"]
        assert without_times(cookies_of(answer)["sso_state"]) == [
            "HttpOnly", "Max-Age=600", "Path=/sso/", "SameSite=Lax", "Secure",
        ]  # fmt: skip
