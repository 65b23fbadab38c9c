"""The addresses below `/sso/`. Without a provider there are none, and nothing of allauth is imported."""

from django.conf import settings
from django.urls import URLPattern, path, re_path

from sso.completing import SidIn
from sso.configuration import OIDC, PREFIX, SAML


def routes(sid_in: SidIn) -> list[URLPattern]:
    """`sid_in`: which addresses complete a login that a program waits for."""
    return [
        *(_of_oidc(sid_in) if OIDC in settings.SSO_PROVIDERS else []),
        *(_of_saml(sid_in) if SAML in settings.SSO_PROVIDERS else []),
    ]


def _of_oidc(sid_in: SidIn) -> list[URLPattern]:
    from sso.views import BeginView, OidcCallbackView  # allauth's part needs its apps, or may not be installed

    root = f"{PREFIX[1:]}{OIDC}"
    return [
        path(f"{root}/login/", BeginView.as_view(sid_in=sid_in)),
        path(f"{root}/callback/", OidcCallbackView.as_view(sid_in=sid_in), name="sso-oidc-callback"),
    ]


def _of_saml(sid_in: SidIn) -> list[URLPattern]:
    """allauth names its own by these names, and by the slug of an organization."""
    from sso.saml_views import AnswerView, MetadataView, SamlBeginView, SamlCallbackView, no_logout  # likewise

    root = f"^{PREFIX[1:]}(?P<organization_slug>{SAML})"
    return [
        path(f"{PREFIX[1:]}{SAML}/login/", SamlBeginView.as_view(sid_in=sid_in)),
        re_path(rf"{root}/acs/\Z", AnswerView.as_view(), name="saml_acs"),
        re_path(rf"{root}/acs/finish/\Z", SamlCallbackView.as_view(sid_in=sid_in), name="saml_finish_acs"),
        re_path(rf"{root}/metadata/\Z", MetadataView.as_view(), name="saml_metadata"),
        re_path(rf"{root}/sls/\Z", no_logout, name="saml_sls"),
    ]
