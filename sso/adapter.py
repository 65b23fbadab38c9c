"""How far django-allauth goes: to what the provider has said. It makes nobody, logs nobody in and keeps nothing."""

from typing import Any, NoReturn

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.http import HttpRequest
from requests import HTTPError, RequestException

from sso.configuration import OIDC, SAML
from sso.failures import BAD_STATE, CANCELLED, REFUSED, UNREACHABLE, SignOnFailed
from sso.oidc import OidcProvider, app_settings


class ProviderHasSaid(Exception):
    """Ends allauth's part before it would look for somebody by what it keeps itself."""

    def __init__(self, what: Any, target: str) -> None:
        super().__init__()
        self.what = what
        self.target = target


class ClaimsAdapter(DefaultSocialAccountAdapter):
    """`SOCIALACCOUNT_ADAPTER`: providers are what the settings say, and no row of a table."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> NoReturn:
        raise ProviderHasSaid(sociallogin.account.extra_data, sociallogin.state.get("next") or "")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> NoReturn:
        raise SignOnFailed(_reason(error, exception, extra_context or {})) from exception

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        """Nobody is made of it."""
        return sociallogin.user

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        apps = []
        if settings.OIDC_ISSUER and provider in (None, OIDC):
            app = SocialApp(provider="openid_connect", provider_id=OIDC, name=settings.OIDC_NAME)
            app.client_id, app.secret = settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET
            app.settings = app_settings()
            apps.append(app)
        if settings.SAML_METADATA_URL and provider in (None, SAML):
            app = SocialApp(provider=SAML, name=settings.SAML_NAME, client_id=SAML)
            app.settings = _saml_settings()
            apps.append(app)
        return apps

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        app = self.get_app(request, provider)
        return OidcProvider(request, app=app) if provider == OIDC else app.get_provider(request)


def _reason(error: Any, exception: Exception | None, context: dict[str, Any]) -> str:
    if error == AuthError.CANCELLED:
        return CANCELLED
    if isinstance(exception, RequestException):
        answer = exception.response if isinstance(exception, HTTPError) else None
        return UNREACHABLE if answer is None or answer.status_code >= 500 else REFUSED
    is_answered = exception is not None or "state" in context or "saml_errors" in context
    return REFUSED if is_answered else BAD_STATE


def _saml_settings() -> dict[str, Any]:
    return {
        "idp": {
            "metadata_url": settings.SAML_METADATA_URL,
            "entity_id": settings.SAML_ENTITY_ID,
            "metadata_request_timeout": settings.SOCIALACCOUNT_REQUESTS_TIMEOUT,
        },
        "advanced": {"strict": True, "reject_idp_initiated_sso": True, "reject_deprecated_algorithm": True},
    }
