"""Without a provider nothing is there; with one that is half said nothing starts."""

import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.test_settings import ROOT, check, read, starting_with

__all__ = ["read"]
OIDC = {
    "OIDC_ISSUER": "https://login.example.edu/realm",
    "OIDC_CLIENT_ID": "cspace",
    "OIDC_CLIENT_SECRET": "a secret of the client",
}
SAML = {"SAML_METADATA_URL": "https://idp.example.edu/metadata", "SAML_ENTITY_ID": "https://idp.example.edu"}
IMPORTED = """
import django, sys
django.setup()
import cspace.urls
print([name for name in ("allauth", "onelogin", "xmlsec") if name in sys.modules])
"""


@pytest.mark.parametrize("path", ["/sso/oidc/login/", "/sso/oidc/callback/", "/sso/saml/metadata/", "/sso/"])
def test_without_a_provider_there_is_nothing(path):
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert [name for name in django_settings.INSTALLED_APPS if "allauth" in name or name.startswith("sso")] == []
    assert [name for name in django_settings.MIDDLEWARE if name.startswith("sso")] == []


def test_without_a_provider_nothing_of_allauth_is_imported():
    environment = starting_with({"DJANGO_SETTINGS_MODULE": "cspace.settings"})
    command = [sys.executable, "-c", IMPORTED]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout) == (0, "[]\n"), run.stderr


@pytest.mark.parametrize("more", [OIDC, SAML, OIDC | SAML], ids=["oidc", "saml", "both"])
def test_a_production_with_a_provider_passes_the_deployment_check(more):
    result = check(**more)
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues" in result.stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({**OIDC, "OIDC_CLIENT_ID": None}, "OIDC_ISSUER needs an OIDC_CLIENT_ID"),
        ({**OIDC, "OIDC_CLIENT_SECRET": ""}, "OIDC_ISSUER needs an OIDC_CLIENT_SECRET"),
        ({**OIDC, "OIDC_ISSUER": None}, "OIDC_CLIENT_ID needs an OIDC_ISSUER"),
        ({**OIDC, "OIDC_ISSUER": "http://login.example.edu"}, "'http://login.example.edu' is no https address such as"),
        ({**OIDC, "OIDC_ISSUER": "login.example.edu"}, "OIDC_ISSUER: 'login.example.edu' is no https address"),
        ({**OIDC, "OIDC_ISSUER": "https://a@b.example"}, "is no https address"),
        ({**OIDC, "OIDC_ISSUER": "https://[b"}, "is no https address"),
        ({**OIDC, "OIDC_SCOPES": "email"}, "OIDC_SCOPES must have openid among them"),
        ({**OIDC, "OIDC_CLIENT_AUTH": "jwt"}, "OIDC_CLIENT_AUTH=jwt is none of"),
        ({**OIDC, "OIDC_ISSUERS": "x"}, "OIDC_ISSUERS is not a setting: did you mean OIDC_ISSUER?"),
        ({**SAML, "SAML_ENTITY_ID": None}, "SAML_METADATA_URL needs an SAML_ENTITY_ID"),
        ({**SAML, "SAML_METADATA_URL": None}, "SAML_ENTITY_ID needs an SAML_METADATA_URL"),
        ({**SAML, "SAML_METADATA_URL": "file:///etc/passwd"}, "is no https address"),
        ({**SAML, "SAML_ATTRIBUTES": '["email"]'}, "SAML_ATTRIBUTES: must be a JSON object of texts"),
        ({**SAML, "SAML_ATTRIBUTES": '{"mail": "x"}'}, "SAML_ATTRIBUTES: 'mail' is none of email, email_verified"),
    ],
)
def test_what_is_half_said_does_not_start(read, capsys, changes, sentence):
    with pytest.raises(SystemExit) as ending:
        read(**changes)
    assert ending.value.code == 78
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.strip().splitlines()) == 1
    assert OIDC["OIDC_CLIENT_SECRET"] not in error


def test_a_provider_needs_the_extra(read, capsys, monkeypatch):
    monkeypatch.setattr("sso.configuration.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        read(**OIDC)
    assert "need the extra sso, which is not installed: pip install -r requirements/sso.txt" in capsys.readouterr().err


def test_the_secret_may_stand_in_a_file(read, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    settings = read(**OIDC | {"OIDC_CLIENT_SECRET": None, "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")})
    assert settings["OIDC_CLIENT_SECRET"] == "from a file"
    assert settings["SSO_PROVIDERS"] == ["oidc"]
    assert settings["SSO_BUTTONS"] == [("/sso/oidc/login/", "login.example.edu")]


def test_in_development_a_provider_may_be_asked_by_plain_http(read):
    settings = read(**OIDC | {"CSPACE_ENV": "development", "OIDC_ISSUER": "http://127.0.0.1:9000", "OIDC_NAME": "Ours"})
    assert settings["SSO_BUTTONS"] == [("/sso/oidc/login/", "Ours")]
