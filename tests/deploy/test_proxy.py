"""What the production proxy tells the app: whom it believes, and by what name it was asked."""

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.deploy.proxies import CONFIGURATION, proxying
from tests.factories import PASSWORD, cspace_group, join, make_user

TERMINATOR, ANYBODY = "127.0.0.1", "127.0.0.2"
"""Addresses of this machine to connect from: the first is one that the configuration believes."""


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers it was sent."""

    def do_GET(self):
        content = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture(scope="module")
def proxy():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with proxying(f"127.0.0.1:{server.server_port}") as address:
            yield address
    finally:
        server.shutdown()
        server.server_close()


def asked(address, source, **headers):
    """The headers that arrive at the app, of a request that comes from `source`."""
    connection = http.client.HTTPConnection(address, source_address=(source, 0), timeout=10)
    try:
        connection.request("GET", "/api/v1/rooms/", headers={k.replace("_", "-"): v for k, v in headers.items()})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@pytest.mark.parametrize("forwarded", ["203.0.113.9", "203.0.113.9, 198.51.100.4", "127.0.0.1", "nonsense", ""])
def test_nobody_else_is_believed_whose_address_he_has(proxy, forwarded):
    assert asked(proxy, ANYBODY, X_Forwarded_For=forwarded)["X-Forwarded-For"] == ANYBODY


def test_nobody_else_is_believed_that_he_came_by_tls(proxy):
    assert asked(proxy, ANYBODY, X_Forwarded_Proto="https")["X-Forwarded-Proto"] == "http"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.4, 203.0.113.9", "203.0.113.9"),  # the first is what the caller has made up
        ("2001:db8::7", "2001:db8::7"),
        ("nonsense", TERMINATOR),
    ],
)
def test_the_terminator_says_who_its_caller_is(proxy, forwarded, address):
    assert asked(proxy, TERMINATOR, X_Forwarded_For=forwarded)["X-Forwarded-For"] == address


@pytest.mark.parametrize(("said", "scheme"), [("https", "https"), ("http", "http"), ("ftp", "http"), ("", "http")])
def test_the_terminator_says_by_which_scheme(proxy, said, scheme):
    assert asked(proxy, TERMINATOR, X_Forwarded_Proto=said)["X-Forwarded-Proto"] == scheme


@pytest.mark.parametrize("host", ["rooms.example.edu", "rooms.example.edu:8443", "127.0.0.1:8080"])
def test_the_name_and_port_it_is_asked_by_arrive_as_they_are(proxy, host):
    assert asked(proxy, ANYBODY, Host=host)["Host"] == host


def statuses(address, source, path, times):
    answers = []
    for _ in range(times):
        connection = http.client.HTTPConnection(address, source_address=(source, 0), timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answers.append((answer.status, answer.headers["Retry-After"], answer.read()))
        finally:
            connection.close()
    return answers


@pytest.mark.parametrize("path", ["/api/schema/", "/api/schema", "/api/schema/?format=json", "/api/docs/"])
def test_what_everybody_may_read_and_costs_most_is_bounded_by_address(proxy, path):
    """Each path with an address of its own. The burst passes at once, whoever comes on top is told to wait."""
    last = 10 + len(path)
    of_one = statuses(proxy, f"127.0.0.{last}", path, 60)
    refused = {answer for answer in of_one if answer[0] != 200}
    assert [status for status, *_ in of_one[:20]] == [200] * 20
    assert refused == {(429, "1", b'{"error": "Too many requests, please try again later", "code": "RATE_LIMITED"}')}
    assert [status for status, *_ in statuses(proxy, f"127.0.1.{last}", path, 5)] == [200] * 5


@pytest.mark.parametrize("path", ["/api/v1/classrooms/", "/healthz", "/api/schemata"])
def test_nothing_else_is_bounded_there(proxy, path):
    assert {status for status, *_ in statuses(proxy, "127.0.0.9", path, 60)} == {200}


def test_the_same_addresses_are_believed_in_both_places():
    by_address = set(re.findall(r"set_real_ip_from (\S+);", CONFIGURATION))
    by_scheme = set(re.findall(r"^    (\S+) 1;", CONFIGURATION, re.MULTILINE))
    assert by_address == by_scheme != set()


def test_the_admin_lets_in_behind_a_port(transactional_db, live_server, settings):
    join(make_user("ada"), cspace_group())
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["127.0.0.1", "rooms.example.edu"]
    with proxying(live_server.url.removeprefix("http://")) as address:
        for scheme, host in (("http", address), ("https", "rooms.example.edu:8443"), ("https", "rooms.example.edu")):
            assert _log_in(address, scheme, host) == (302, "/admin/")


def _log_in(address, scheme, host):
    """Status and target of the login form, posted as a browser does from a page of this scheme and host."""
    connection = http.client.HTTPConnection(address, source_address=(TERMINATOR, 0), timeout=20)
    sent = {"Host": host, "X-Forwarded-Proto": scheme}
    connection.request("GET", "/admin/login/", headers=sent)
    page = connection.getresponse()
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
    form = f"csrfmiddlewaretoken={token}&username=ada&password={PASSWORD.replace(' ', '+')}&next=/admin/"
    connection.request(
        "POST",
        "/admin/login/",
        form,
        sent
        | {
            "Cookie": cookie,
            "Origin": f"{scheme}://{host}",
            "Referer": f"{scheme}://{host}/admin/login/",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers["Location"]
