"""A request that is sent on: each place is judged like the first, and none learns what is another's."""

import time

import pytest

from kernel.calling.exchange import CallFailed, Terms
from kernel.calling.redirects import follow, may_keep_credentials
from tests.sinks import answers, hangs, leading_to, self_signed, sink, status

HERE = "127.0.0.1"
NAME = "calendar.example.org"
PRIVATE = "The redirect is not followed: must not lead to a private address"
YES = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")
SECRET = "Basic c2VjcmV0"
TO_HERE = leading_to(HERE)


def terms(**changes):
    return Terms(**{"seconds": 20, "max_answer": 1000, "private_hosts": [HERE], **changes})


def to(url, code=302):
    return status(code, f"Location: {url}")


def get(url, method="GET", *, resolve=TO_HERE, **changes):
    headers = {"Authorization": SECRET, "If-None-Match": "1"}
    return follow(method, url, headers=headers, terms=terms(**changes), resolve=resolve)


def refusal(url, method="GET", **options):
    """(status, sentence) of a call that fails."""
    with pytest.raises(CallFailed) as caught:
        get(url, method, **options)
    return caught.value.status, caught.value.sentence


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_three_redirects_are_followed(code):
    with sink() as here:
        last = f"http://127.0.0.1:{here.port}/last"
        here.behaviours = [to("/there", code), to("back?c=d#part", code), to(last, code), YES]
        answer = get(here.url)
    assert (answer.status, answer.body, answer.url) == (200, b"yes", last)
    paths = ["/hook?a=b", "/there", "/back?c=d", "/last"]
    assert [each.line for each in here.received] == [f"GET {path} HTTP/1.1" for path in paths]
    assert {each.headers["authorization"] for each in here.received} == {SECRET}


def test_a_fourth_is_one_too_many():
    with sink(*[to("/again")] * 5) as here:
        assert refusal(here.url) == (302, "It was redirected more than 3 times")
    assert len(here.received) == 4


@pytest.mark.parametrize("code", [300, 304, 305, 306])
def test_what_is_no_redirect_is_an_answer(code):
    with sink(to("/there", code)) as here:
        assert (get(here.url).status, len(here.received)) == (code, 1)


def test_a_303_says_to_read_elsewhere_which_is_not_what_was_asked():
    with sink(to("/there", 303)) as here:
        assert (get(here.url, "PROPFIND").status, len(here.received)) == (303, 1)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "//localhost:{port}/",
        "http://10.0.0.1/",
    ],
)
def test_a_redirect_inside_is_refused(url):
    with sink() as here:
        here.behaviours = [to(url.format(port=here.port)), YES]
        assert refusal(f"http://{NAME}:{here.port}/", private_hosts=[NAME]) == (302, PRIVATE)
    assert len(here.received) == 1


def test_a_redirect_to_a_name_that_leads_inside_is_refused():
    with sink() as here:
        here.behaviours = [to(f"http://other.example.org:{here.port}/"), YES]
        refused = refusal(f"http://{NAME}:{here.port}/", private_hosts=[NAME])
    assert refused == (None, "Must not lead to a private address")
    assert len(here.received) == 1


def test_each_hop_looks_its_name_up_again():
    minds = [[HERE], []]

    def resolve(host, port, **options):
        return leading_to(*minds.pop(0))(host, port)

    with sink(to("/again"), YES) as here:
        refused = refusal(f"http://{NAME}:{here.port}/", resolve=resolve, private_hosts=[NAME])
    assert refused == (None, "The name could not be resolved")
    assert (len(here.received), minds) == (1, [])


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("ftp://example.org/", "The redirect is not followed: must begin with https:// or http://"),
        ("file:///etc/passwd", "The redirect is not followed: must begin with https:// or http://"),
        ("http://a:b@example.org/", "The redirect is not followed: must not hold a username or a password"),
        ("http://[::1/", "The redirect does not say where to"),
        ("", "The redirect does not say where to"),
        ("http://example.org/a b", "The redirect is not followed: must be a URL such as https://www.example.org/path"),
    ],
)
def test_a_redirect_to_no_url_is_refused(location, sentence):
    with sink(to(location)) as here:
        assert refusal(here.url) == (302, sentence)


def test_from_https_nothing_leads_to_http(tmp_path, monkeypatch):
    tls, certificate = self_signed(tmp_path, NAME)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with sink(YES) as plain, sink(tls=tls) as secure, sink() as first:
        first.behaviours = [to(f"https://{NAME}:{secure.port}/")]
        secure.behaviours = [to(f"http://{NAME}:{plain.port}/")]
        refused = refusal(f"http://{NAME}:{first.port}/", private_hosts=[NAME])
    assert refused == (302, "The redirect is not followed: it leads from https:// to http://")
    assert [len(each.received) for each in (first, secure, plain)] == [1, 1, 0]


def test_credentials_go_to_no_other_host_and_do_not_come_back():
    names = [NAME, "other.example.org"]
    with sink() as here:
        here.behaviours = [
            to(f"http://other.example.org:{here.port}/"),
            to(f"http://{NAME}:{here.port}/"),
            YES,
        ]
        get(f"http://{NAME}:{here.port}/", private_hosts=names)
    assert [each.headers.get("authorization") for each in here.received] == [SECRET, None, None]
    assert [each.headers.get("if-none-match") for each in here.received] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("url", "elsewhere", "may"),
    [
        ("http://a.example/", "http://A.example./b", True),
        ("http://a.example/", "https://a.example:443/", True),
        ("https://a.example/", "https://a.example:443/", True),
        ("http://a.example:8080/", "https://a.example/", False),
        ("http://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.a.example/", False),
    ],
)
def test_the_same_place_is_the_same_host_and_port(url, elsewhere, may):
    assert may_keep_credentials(url, elsewhere) is may


def test_the_time_is_for_all_hops():
    with sink(to("/1"), to("/2"), hangs) as here:
        began = time.monotonic()
        refused = refusal(here.url, seconds=0.5)
        seconds = time.monotonic() - began
    assert refused == (None, "There was no whole answer within 0.5 s")
    assert 0.5 <= seconds < 1
    assert len(here.received) == 3
