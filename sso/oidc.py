"""OpenID Connect as django-allauth speaks it, with what it leaves to us: whose document it is, and that it is kept."""

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from requests import RequestException

from kernel.requests import origin_of
from sso.configuration import OIDC
from sso.failures import NONSENSE, UNREACHABLE, SignOnFailed

DOCUMENT, AWAY = "sso.oidc.document", "sso.oidc.away"
KEPT_SECONDS, AWAY_SECONDS = 600, 5
"""How long a process goes by the provider's description of itself before it asks again; and where there was none, so
that its threads do not all wait for somebody who is away.
"""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    """`get_provider().app` is made of the settings (`sso.adapter`)."""

    @property
    def openid_config(self) -> Mapping[str, Any]:
        """Raises: requests.RequestException, SignOnFailed (it describes another provider, or none)."""
        document: Mapping[str, Any] | None = cache.get(DOCUMENT)
        if document is None:
            if cache.get(AWAY):
                raise SignOnFailed(UNREACHABLE)
            document = self._fetch()
            cache.set(DOCUMENT, document, KEPT_SECONDS)
        return document

    def _fetch(self) -> Mapping[str, Any]:
        try:
            document = self._answer()
        except RequestException:
            cache.set(AWAY, True, AWAY_SECONDS)
            raise
        if not isinstance(document, dict) or not _describes(document, settings.OIDC_ISSUER):
            raise SignOnFailed(NONSENSE)
        return document

    def _answer(self) -> Any:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.get_provider().server_url)
            answer.raise_for_status()
            return answer.json()

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return f"{origin_of(request)}{reverse('sso-oidc-callback')}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **more: Any) -> Any:
        """What the provider says of him, of which an `id_token` is never missing. Raises: OAuth2Error."""
        if not more["response"].get("id_token"):
            raise OAuth2Error("no id_token")
        app.settings["fetch_userinfo"] = bool(self.openid_config.get("userinfo_endpoint"))
        return super().complete_login(request, app, token, **more)


class OidcProvider(OpenIDConnectProvider):
    oauth2_adapter_class = OidcAdapter


def app_settings() -> dict[str, Any]:
    """What allauth keeps beside the client's id and secret."""
    authentication = settings.OIDC_CLIENT_AUTH
    return {
        "server_url": settings.OIDC_ISSUER.rstrip("/"),
        "oauth_pkce_enabled": True,
        "scope": settings.OIDC_SCOPES,
        "token_auth_method": f"client_secret_{authentication}" if authentication else None,
    }


def oidc_adapter(request: HttpRequest) -> OidcAdapter:
    return OidcAdapter(request, OIDC)


def _describes(document: Mapping[str, Any], issuer: str) -> bool:
    """Whether it is that issuer's own, and leads nowhere by plain http unless the issuer is asked so too."""
    optional = {"userinfo_endpoint": document.get("userinfo_endpoint") or document.get("token_endpoint")}
    addresses = [document.get(name) for name in ENDPOINTS] + list(optional.values())
    schemes = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    is_own = str(document.get("issuer", "")).rstrip("/") == issuer.rstrip("/")
    return is_own and all(isinstance(address, str) and address.startswith(schemes) for address in addresses)
