"""The published schema: complete, without warnings, and served with its page."""

import io

import pytest
import yaml
from django.core.management import call_command

from kernel.api.schema import ErrorEnvelope

BY_TOKEN = ("/email/confirm/", "/confirm-email/", "/unsubscribe/", ".ics/")
"""For these nobody has to be logged in: a token that was mailed, or the address of a feed, is enough."""
NO_KEY = ("/join-token/", "/sync/", "/import/")
"""What is told once, or does no harm when it is done again."""


@pytest.fixture(scope="module")
def schema():
    out = io.StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=out)
    return yaml.safe_load(out.getvalue())


def operations(schema):
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_every_operation_documents_its_refusals(schema):
    assert len(operations(schema)) > 35
    for path, method, operation in operations(schema):
        refusals = {code: body for code, body in operation["responses"].items() if int(code) >= 400}
        assert {"400", "405", "406", "500", "503"} <= set(refusals), f"{method} {path}"
        assert ("401" in refusals) != path.endswith(BY_TOKEN), f"{method} {path}"
        for body in refusals.values():
            reference = body["content"]["application/json"]["schema"]["$ref"]
            assert reference == f"#/components/schemas/{ErrorEnvelope.__name__}"


def test_writes_accept_dry_runs_and_posts_a_key(schema):
    for path, method, operation in operations(schema):
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        is_once = "/auth/" in path or path.endswith("/stream/ticket/")
        is_write = method != "get" and not is_once
        assert ("dry_run" in names) == is_write, f"{method} {path}"
        takes_keys = not path.endswith((*BY_TOKEN, *NO_KEY))
        assert ("Idempotency-Key" in names) == (is_write and method == "post" and takes_keys), f"{method} {path}"


def test_schema_and_docs_are_served(api, db):
    for path in ("/api/schema", "/api/schema/", "/api/docs/"):
        assert api().get(path, Accept="*/*").status_code == 200
    page = api().get("/api/docs/", Accept="text/html")
    assert "/static/drf_spectacular_sidecar/" in page.content.decode()
    assert "script-src 'self'" in page["Content-Security-Policy"]
