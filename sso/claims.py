"""What a provider says of somebody, read strictly: who that is, and only where it vouches for his address."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings

from accounts.services.identities import Identity
from sso.failures import UNKNOWN, UNVERIFIED, SignOnFailed

SamlAttributes = Mapping[str, Sequence[str]]
ATTRIBUTES: Mapping[str, Sequence[str]] = {  # for each of `sso.configuration.WORDS`
    "email": (
        "urn:oid:0.9.2342.19200300.100.1.3",
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    ),
    "email_verified": ("http://schemas.auth0.com/email_verified",),
    "username": ("urn:oid:0.9.2342.19200300.100.1.1", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"),
    "display_name": ("urn:oid:2.16.840.1.113730.3.1.241",),
    "given_name": ("urn:oid:2.5.4.42", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"),
    "family_name": ("urn:oid:2.5.4.4", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"),
    "department": ("urn:oid:2.5.4.11",),
    "groups": (
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
    ),
}
"""What each is called in SAML, unless `SAML_ATTRIBUTES` names another: eduPerson's names, then those of ADFS."""
YES = ("true", "1", "yes")


def identity_of_oidc(documents: Mapping[str, Any]) -> Identity:
    """`documents`: the claims of the `id_token`, and of the `userinfo` if that was asked. Raises: SignOnFailed."""
    token, info = documents.get("id_token"), documents.get("userinfo") or {}
    if not isinstance(token, dict) or not isinstance(info, dict):
        raise SignOnFailed(UNKNOWN)
    # OpenID Connect Core 5.3.2: else it is about somebody else.
    if info and info.get("sub") != token.get("sub"):
        raise SignOnFailed(UNKNOWN)
    # Whether an address is verified is believed of the document that has the address.
    source = info if info.get("email") else token
    email = _text(source, "email")
    if not email:
        raise SignOnFailed(UNKNOWN)
    if source.get("email_verified") not in (True, "true"):
        raise SignOnFailed(UNVERIFIED)
    claims = token | info
    names = (_text(claims, "given_name"), _text(claims, "family_name"))
    return Identity(
        email=email,
        username=_text(claims, settings.OIDC_USERNAME_CLAIM),
        display_name=_text(claims, "name") or " ".join(filter(None, names)),
        department=_text(claims, "department"),
        groups=_names_in(claims.get(settings.OIDC_GROUPS_CLAIM)),
    )


def identity_of_saml(attributes: SamlAttributes) -> Identity:
    """Raises: SignOnFailed."""
    email = _value(attributes, "email")
    if not email:
        raise SignOnFailed(UNKNOWN)
    if not settings.SAML_TRUST_EMAIL and _value(attributes, "email_verified").lower() not in YES:
        raise SignOnFailed(UNVERIFIED)
    names = (_value(attributes, "given_name"), _value(attributes, "family_name"))
    return Identity(
        email=email,
        username=_value(attributes, "username"),
        display_name=_value(attributes, "display_name") or " ".join(filter(None, names)),
        department=_value(attributes, "department"),
        groups=_names_in(_values(attributes, "groups")),
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _names_in(value: Any) -> frozenset[str]:
    """The names of groups: providers say a list, or one name."""
    names: Iterable[Any] = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    return frozenset(name.strip() for name in names if isinstance(name, str) and name.strip())


def _values(attributes: SamlAttributes, word: str) -> list[str]:
    own = settings.SAML_ATTRIBUTES.get(word)
    names = [own] if own else ATTRIBUTES[word]
    return next((list(attributes[name]) for name in names if attributes.get(name)), [])


def _value(attributes: SamlAttributes, word: str) -> str:
    return next((value.strip() for value in _values(attributes, word) if isinstance(value, str)), "")
