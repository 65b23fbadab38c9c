"""What the production proxy does with links that were mailed, with feeds and the pages of a login: what is in their
query, and the name of a feed, reaches no log."""

import pytest

from kernel.api.permissions import HoldsToken
from tests.contract.test_query_strings import DECLARED
from tests.deploy.proxies import CONFIGURATION, proxying
from tests.deploy.test_proxied_streams import Named, asking, place, upstream

MAILED = ["/api/v1/confirm-email/", "/api/v1/unsubscribe/"]
FEEDS = ["/api/v1/calendars/{}/feed.ics/", "/api/v1/classrooms/{}/feed.ics/"]
PATHS = [*MAILED, *(path.format("physics") for path in FEEDS), "/api/v1/classrooms/Room%20A/feed.ics/"]
PATHS += ["/api/v1/user.login.callback/", "/user.login.callback/", "/Shibboleth.sso/Login/"]
TOKEN = "4.a-token-that-was-mailed"
OWN = [f"/api/v1/feeds/{TOKEN}.ics", f"/api/v1/feeds/{TOKEN}.ics/", f"/api/v1/feeds/{TOKEN}.ics?x=1"]
CARE = "error_log /dev/null;"


def test_these_are_the_links_that_are_mailed_and_the_feeds():
    """All that take a token in their query."""
    taken = {
        f"/api/v1/{path}" for (_, path), each in DECLARED.items() if each.permission is HoldsToken and each.parameters
    }
    assert sorted(taken) == sorted([*MAILED, *FEEDS])


@pytest.mark.parametrize("path", [*PATHS, *(path.rstrip("/") for path in PATHS)])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_is_asked_of_the_app(path, method):
    with (
        upstream(Named, "app") as app,
        proxying(place(app)) as address,
        asking(address, f"{path}?token={TOKEN}", method) as answer,
    ):
        assert answer.read() == b"app HTTP/1.1"


def logged(folder, configuration=CONFIGURATION):
    """Of links that are followed while the app is away."""
    log = folder / "log"
    with upstream(Named, "app") as gone:
        away = place(gone)
        gone.socket.close()
        with proxying(away, configuration, log=log) as address:
            for path in [*(f"{path}?token={TOKEN}" for path in PATHS), *OWN]:
                with asking(address, path) as answer:
                    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    return log.read_text(encoding="utf-8")


def test_a_token_reaches_no_log_not_even_where_the_app_is_away(tmp_path):
    text = logged(tmp_path)
    for path in PATHS:
        assert f'"GET {path} HTTP/1.1" 503' in text
    assert text.count('"GET /api/v1/feeds/ HTTP/1.1" 503') == len(OWN)
    assert TOKEN not in text


def test_without_the_proxys_care_it_would_be_logged(tmp_path):
    assert TOKEN in logged(tmp_path, CONFIGURATION.replace(CARE, ""))
