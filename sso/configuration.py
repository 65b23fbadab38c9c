"""What the settings of single sign-on come to, read while they are read: it imports no Django."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/sso/"
OIDC, SAML = "oidc", "saml"
APPS = ["sso.apps.AddressesConfig", "allauth.socialaccount"]
MIDDLEWARE = ["sso.middleware.StateMiddleware", "sso.middleware.SignOnMiddleware"]
OIDC_NEEDS, SAML_NEEDS = ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"), ("SAML_ENTITY_ID",)
OIDC_NAMES, SAML_NAMES = ("OIDC_ISSUER", *OIDC_NEEDS), ("SAML_METADATA_URL", *SAML_NEEDS)
ANSWER_SECONDS = 5
"""How long a provider is waited for, each time."""
WORDS = ("email", "email_verified", "username", "display_name", "given_name", "family_name", "department", "groups")
"""What is asked of SAML, in whatever words a provider says it (`SAML_ATTRIBUTES`)."""
CLIENT_AUTHENTICATIONS = ("", "basic", "post")
INSTALL = "pip install -r requirements/sso.txt"


def sign_on_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the settings, one sentence each; none of them quotes a secret."""
    for first, needs in (("OIDC_ISSUER", OIDC_NEEDS), ("SAML_METADATA_URL", SAML_NEEDS)):
        address = settings[first]
        if not address:
            yield from (f"{name} needs an {first}" for name in needs if settings[name])
            continue
        yield from (f"{first} needs an {name}" for name in needs if not settings[name])
        if not _is_web_address(address, plain=settings["DEBUG"]):
            yield f"{first}: {address!r} is no https address such as https://login.example.edu"
    if settings["OIDC_ISSUER"] and "openid" not in settings["OIDC_SCOPES"]:
        yield "OIDC_SCOPES must have openid among them"
    for word in settings["SAML_ATTRIBUTES"]:
        if word not in WORDS:
            yield f"SAML_ATTRIBUTES: {word!r} is none of {', '.join(WORDS)}"
    if (settings["OIDC_ISSUER"] or settings["SAML_METADATA_URL"]) and find_spec("allauth") is None:
        yield f"OIDC_ISSUER and SAML_METADATA_URL need the extra sso, which is not installed: {INSTALL}"


def apps_of(settings: Mapping[str, Any]) -> list[str]:
    """The applications that signing on needs; none without a provider."""
    if not keys_of(settings):
        return []
    return [*APPS, *(["allauth.socialaccount.providers.saml"] if settings["SAML_METADATA_URL"] else [])]


def keys_of(settings: Mapping[str, Any]) -> list[str]:
    """The providers that there are, by the word that stands in their addresses."""
    return [key for key, name in ((OIDC, "OIDC_ISSUER"), (SAML, "SAML_METADATA_URL")) if settings[name]]


def buttons_of(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where logging in by each provider begins, and what people call it: its name, else its host."""
    names = {
        OIDC: settings["OIDC_NAME"] or urlsplit(settings["OIDC_ISSUER"]).hostname,
        SAML: settings["SAML_NAME"] or urlsplit(settings["SAML_METADATA_URL"]).hostname,
    }
    return [(f"{PREFIX}{key}/login/", names[key] or key) for key in keys_of(settings)]


def _is_web_address(text: str, *, plain: bool) -> bool:
    """`plain`: http will do, as in development."""
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and not parts.username and not parts.fragment and parts.port != 0
    except ValueError:
        return False
    return is_whole and parts.scheme in (("https", "http") if plain else ("https",)) and text.isascii()
