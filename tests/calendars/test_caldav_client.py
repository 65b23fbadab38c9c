"""The client against servers that do as they are told: such as fail, cut, forget and lie."""

import time
import tracemalloc

import pytest

from calendars.services import remote
from calendars.services.caldav import CalDavCollection, RemoteObject
from calendars.services.remote import PreconditionFailed, RemoteFailed
from kernel.calling.wire import Deadline
from tests.sinks import answers, drips, hangs, leading_to, self_signed, sink, status

HERE = "127.0.0.1"
NAME = "calendar.example.org"
SECRET = "the s3cret"
BASIC = "Basic cm9vbTp0aGUgczNjcmV0"
PATH = "/cal/room%20a/"
SPACES = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
NOT_XML = "The answer is not the XML of a calendar server"
TOO_MUCH = "The answer has too many or too deep elements"
DOCTYPE = "The answer holds a document type, which is refused"


@pytest.fixture(autouse=True)
def here_is_allowed(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [HERE]


def client(here, path=PATH, **options):
    return CalDavCollection(f"http://127.0.0.1:{here.port}{path}", username="room", secret=SECRET, **options)


def xml(text, code=207):
    body = text if isinstance(text, bytes) else text.encode()
    head = f"HTTP/1.1 {code} X\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return answers(head.encode() + body)


def multistatus(*responses, token=None):
    end = "" if token is None else f"<sync-token>{token}</sync-token>"
    return xml(f'<?xml version="1.0"?><multistatus {SPACES}>{"".join(responses)}{end}</multistatus>')


def here_is(href, etag="&quot;1&quot;", data=None, kind=""):
    data = "" if data is None else f"<C:calendar-data>{data}</C:calendar-data>"
    prop = f"<prop><getetag>{etag}</getetag><resourcetype>{kind}</resourcetype>{data}</prop>"
    return f"<response><href>{href}</href><propstat>{prop}<status>HTTP/1.1 200 OK</status></propstat></response>"


def with_status(href, code):
    return f"<response><href>{href}</href><status>HTTP/1.1 {code} X</status></response>"


ITSELF = here_is(PATH, kind="<collection/><C:calendar/>")


def refusal(ask, *arguments, **options):
    """(status, sentence) of what fails."""
    with pytest.raises(RemoteFailed) as caught:
        ask(*arguments, **options)
    assert str(caught.value) == caught.value.sentence
    assert "\n" not in caught.value.sentence
    return caught.value.status, caught.value.sentence


def lines(here):
    return [each.line.removesuffix(" HTTP/1.1") for each in here.received]


# --- What is asked -----------------------------------------------------------------------------


def test_what_has_changed_is_asked_by_the_token():
    with sink(multistatus(here_is(f"{PATH}a.ics"), with_status(f"{PATH}b.ics", 404), token="t&amp;2")) as here:
        delta = client(here).changes("t<1>")
    assert (delta.changed, delta.deleted) == ({f"{PATH}a.ics": '"1"'}, (f"{PATH}b.ics",))
    assert (delta.token, delta.is_whole) == ("t&2", False)
    (request,) = here.received
    assert lines(here) == [f"REPORT {PATH}"]
    assert request.headers == {
        "host": f"127.0.0.1:{here.port}",
        "user-agent": "CSpace-Calendars/1.0",
        "connection": "close",
        "authorization": BASIC,
        "depth": "0",
        "content-type": "application/xml; charset=utf-8",
        "accept-encoding": "identity",
        "content-length": str(len(request.body)),
    }
    assert request.body.decode() == (
        '<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:"><sync-token>t&lt;1&gt;</sync-token>'
        "<sync-level>1</sync-level><prop><getetag/><resourcetype/></prop></sync-collection>"
    )


def test_objects_are_asked_for_by_fifty():
    hrefs = [f"{PATH}{number}.ics" for number in range(101)]
    portions = [hrefs[:50], hrefs[50:100], hrefs[100:]]
    with sink(*(multistatus(*(here_is(href, data="X") for href in part)) for part in portions)) as here:
        bodies = client(here).bodies([*hrefs, hrefs[0]])
    assert bodies == dict.fromkeys(hrefs, RemoteObject('"1"', "X"))
    assert [each.body.decode().count("<href>") for each in here.received] == [50, 50, 1]


def test_what_is_not_there_or_was_not_asked_for_is_absent():
    a, b, c = (f"{PATH}{name}.ics" for name in "abc")
    rows = [here_is(a, data="BEGIN:X\r\nEND:&lt;X"), with_status(b, 404), here_is(c, data="C"), here_is("/x", data="X")]
    with sink(multistatus(*rows)) as here:
        assert client(here).bodies([a, b]) == {a: ('"1"', "BEGIN:X\nEND:<X")}
    with sink() as here:
        assert client(here).bodies([]) == {}
        assert client(here).bodies(["/elsewhere/a.ics"]) == {}
    assert here.received == []


def test_what_is_new_is_written_where_nothing_is():
    with sink(status(201, 'ETag: "7"'), status(204, 'ETag: "8"'), status(204, 'ETag: "9"')) as here:
        calendar = client(here)
        assert calendar.put(f"{PATH}a.ics", "圍棋") == '"7"'
        assert calendar.put(f"{PATH}a.ics", "x", etag='"7"') == '"8"'
        assert calendar.put(f"{PATH}a.ics", "x", etag="") == '"9"'
    assert lines(here) == [f"PUT {PATH}a.ics"] * 3
    conditions = [(each.headers.get("if-none-match"), each.headers.get("if-match")) for each in here.received]
    assert conditions == [("*", None), (None, '"7"'), (None, "*")]
    assert here.received[0].body == "圍棋".encode()
    assert here.received[0].headers["content-type"] == "text/calendar; charset=utf-8"


@pytest.mark.parametrize("headers", [[], ['ETag: W/"1"'], ["ETag: "]])
def test_an_etag_that_is_not_told_is_asked_for(headers):
    rows = [here_is("/other/a.ics", etag="no"), here_is(f"{PATH}a.ics", etag='"3"')]
    with sink(status(201, *headers), multistatus(*rows)) as here:
        assert client(here).put(f"{PATH}a.ics", "x") == '"3"'
    assert lines(here) == [f"PUT {PATH}a.ics", f"PROPFIND {PATH}a.ics"]
    assert here.received[1].headers["depth"] == "0"


@pytest.mark.parametrize("answer", [status(500), status(404), xml("<html/>"), multistatus(), answers(b"")])
def test_what_is_written_stays_so_though_its_etag_is_not_to_be_learned(answer):
    with sink(status(201), answer) as here:
        assert client(here).put("/cal/room a/a.ics", "x") == ""
    assert lines(here) == [f"PUT {PATH}a.ics", f"PROPFIND {PATH}a.ics"]


def test_what_is_gone_is_deleted():
    with sink(*(status(code) for code in (204, 200, 404, 410))) as here:
        calendar = client(here)
        calendar.delete(f"{PATH}a.ics", etag='"7"')
        for _ in range(3):
            calendar.delete(f"{PATH}a.ics")
    assert [each.headers.get("if-match") for each in here.received] == ['"7"', None, None, None]


def test_who_comes_too_late_is_told_so():
    with sink(*[status(412)] * 3) as here:
        calendar = client(here)
        for ask in (
            lambda: calendar.put(f"{PATH}a.ics", "x"),
            lambda: calendar.put(f"{PATH}a.ics", "x", etag='"1"'),
            lambda: calendar.delete(f"{PATH}a.ics", etag='"1"'),
        ):
            with pytest.raises(PreconditionFailed) as caught:
                ask()
            assert caught.value.status == 412


# --- Tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 410, 412, 422, 501])
def test_a_refused_token_is_done_without(code):
    refused = xml('<error xmlns="DAV:"><valid-sync-token/></error>', code)
    with sink(refused, multistatus(here_is(f"{PATH}a.ics"), token="t2")) as here:
        delta = client(here).changes("t1")
    assert (delta.changed, delta.deleted) == ({f"{PATH}a.ics": '"1"'}, ())
    assert (delta.token, delta.is_whole) == ("t2", True)
    assert [b"<sync-token></sync-token>" in each.body for each in here.received] == [False, True]


@pytest.mark.parametrize("no_sync", [status(403), status(405), status(501), multistatus(here_is(f"{PATH}z.ics"))])
def test_where_no_tokens_are_known_all_is_listed(no_sync):
    rows = [
        ITSELF,
        here_is(f"{PATH}a.ics"),
        here_is(f"{PATH}b.ics", etag=""),
        here_is(f"{PATH}c", kind="<collection/>"),
    ]
    with sink(no_sync, no_sync, multistatus(*rows)) as here:
        delta = client(here).changes("t1")
    assert (delta.changed, delta.deleted) == ({f"{PATH}a.ics": '"1"', f"{PATH}b.ics": ""}, ())
    assert (delta.token, delta.is_whole) == ("", True)
    assert lines(here) == [f"REPORT {PATH}", f"REPORT {PATH}", f"PROPFIND {PATH}"]
    assert here.received[2].headers["depth"] == "1"


@pytest.mark.parametrize("code", [401, 429, 500, 503, 507])
def test_what_says_nothing_of_the_token_is_a_failure(code):
    with sink(status(code)) as here:
        assert refusal(client(here).changes, "t1")[0] == code
    assert len(here.received) == 1


def test_what_comes_in_parts_is_put_together():
    more = with_status(PATH, 507)
    a, b, c = (f"{PATH}{name}.ics" for name in "abc")
    with sink(
        multistatus(here_is(a), here_is(b), more, token="t2"),
        multistatus(with_status(a, 404), here_is(c), more, token="t3"),
        multistatus(here_is(b, etag="2"), with_status(c, 404), here_is(a, etag="3"), token="t4"),
    ) as here:
        delta = client(here).changes("t1")
    assert (delta.changed, delta.deleted, delta.token) == ({b: "2", a: "3"}, (c,), "t4")
    assert [each.body.split(b"sync-token>")[1] for each in here.received] == [b"t1</", b"t2</", b"t3</"]


def test_of_all_there_is_nothing_is_deleted():
    a, b = f"{PATH}a.ics", f"{PATH}b.ics"
    with sink(
        multistatus(here_is(a), here_is(b), with_status(PATH, 507), token="t2"),
        multistatus(with_status(a, 404), token="t3"),
    ) as here:
        delta = client(here).changes("")
    assert (delta.changed, delta.deleted, delta.is_whole) == ({b: '"1"'}, (), True)


def test_changes_without_end_are_left(monkeypatch):
    more = with_status(PATH, 507)
    with sink(multistatus(more, token="t1")) as here:
        assert refusal(client(here).changes, "t1") == (507, "The server's list of changes has no end")
    assert len(here.received) == 1
    with sink(*(multistatus(more, token=f"t{number}") for number in range(300))) as here:
        assert refusal(client(here).changes, "t") == (507, "The server's list of changes has no end")
    assert len(here.received) == 200


def test_a_token_refused_in_the_middle_begins_anew():
    with sink(
        multistatus(here_is(f"{PATH}a.ics"), with_status(PATH, 507), token="t2"),
        status(403),
        multistatus(here_is(f"{PATH}b.ics"), token="t3"),
    ) as here:
        delta = client(here).changes("t1")
    assert (list(delta.changed), delta.is_whole, delta.token) == ([f"{PATH}b.ics"], True, "t3")


def test_a_listing_of_a_part_or_of_something_else_is_none():
    """Nobody deletes what such a listing lacks."""
    part = multistatus(ITSELF, here_is(f"{PATH}a.ics"), with_status(PATH, 507))
    with sink(part, multistatus(here_is("/other/", kind="<collection/>")), multistatus()) as here:
        calendar = client(here)
        assert refusal(calendar.listing) == (207, "The server lists only a part of the calendar")
        elsewhere = (207, "The server lists another calendar than the one it was asked for")
        assert refusal(calendar.listing) == elsewhere
        assert refusal(calendar.listing) == elsewhere
    with sink(multistatus(here_is("/other/a.ics"), token="t")) as here:
        assert refusal(client(here).changes, "") == elsewhere


# --- What fails --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (401, "The server does not accept the username and the password (HTTP 401)"),
        (403, "The server does not allow it (HTTP 403)"),
        (404, "The server has no such calendar (HTTP 404)"),
        (429, "The server asks to come back later (HTTP 429)"),
        (500, "The server has failed (HTTP 500)"),
        (302, "The redirect does not say where to"),
        (200, "The server answers otherwise than expected (HTTP 200)"),
    ],
)
def test_a_status_is_said_in_a_sentence(code, sentence):
    with sink(status(code)) as here:
        assert refusal(client(here).listing) == (code, sentence)


@pytest.mark.parametrize("code", [302, 400, 403, 500])
def test_what_is_not_written_is_a_failure(code):
    with sink(*[status(code, "Location: /elsewhere")] * 2) as here:
        calendar = client(here)
        assert refusal(calendar.put, f"{PATH}a.ics", "x")[0] == code
        assert refusal(calendar.delete, f"{PATH}a.ics")[0] == code


def billion_laughs():
    entities = [f"<!ENTITY a{number + 1} '{f'&a{number};' * 10}'>" for number in range(9)]
    doctype = f"<!DOCTYPE a [<!ENTITY a0 'ha'>{''.join(entities)}]>"
    return f"{doctype}<multistatus {SPACES}><sync-token>&a9;</sync-token></multistatus>"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", NOT_XML),
        ("<html><body>Log in", NOT_XML),
        ("<html><body/></html>", NOT_XML),
        (f"<multistatus {SPACES}>", NOT_XML),
        ("<multistatus/>", NOT_XML),
        (f"<multistatus {SPACES}><a>\x00</a></multistatus>", NOT_XML),
        (f"<multistatus {SPACES}>&nbsp;</multistatus>", NOT_XML),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', NOT_XML),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xff</a>', NOT_XML),
        (f"<!DOCTYPE multistatus><multistatus {SPACES}/>", DOCTYPE),
        (f'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><multistatus {SPACES}/>', DOCTYPE),
        (f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><multistatus {SPACES}>&x;</multistatus>', DOCTYPE),
        (billion_laughs(), DOCTYPE),
        (f"<multistatus {SPACES}>{'<a>' * 40}{'</a>' * 40}</multistatus>", TOO_MUCH),
        (f"<multistatus {SPACES}>{'<a/>' * 500_000}</multistatus>", TOO_MUCH),
        (f"<multistatus {SPACES}>{'<response><href>/</href></response>' * 25_001}</multistatus>", TOO_MUCH),
        (f"<multistatus {SPACES}><response>{'<href>/</href>' * 25_001}</response></multistatus>", TOO_MUCH),
    ],
    ids=range(17),
)  # fmt: skip
def test_what_is_no_xml_of_a_calendar_server_is_refused(body, sentence):
    with sink(xml(body)) as here:
        assert refusal(client(here).changes, "t1") == (207, sentence)


def test_other_encodings_and_prefixes_are_xml_too():
    text = (
        '<?xml version="1.0" encoding="utf-16"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>'
        f"http://127.0.0.1{PATH}%e5%9c%8d.ics</D:href><D:propstat><D:status>HTTP/1.1 200 OK</D:status>"
        '<D:prop><D:getetag><![CDATA["<1>"]]></D:getetag></D:prop></D:propstat></D:response>'
        "<D:sync-token> t2 </D:sync-token></D:multistatus>"
    )
    with sink(xml(text.encode("utf-16"))) as here:
        delta = client(here).changes("t1")
    assert (delta.changed, delta.token) == ({f"{PATH}%E5%9C%8D.ics": '"<1>"'}, "t2")


def test_an_answer_that_is_cut_changes_nothing():
    whole = f"<multistatus {SPACES}>{here_is(f'{PATH}a.ics')}<sync-token>t</sync-token></multistatus>"
    head = f"HTTP/1.1 207 X\r\nContent-Length: {len(whole)}\r\n\r\n"
    for end in (0, 10, len(whole) - 1):
        with sink(answers(f"{head}{whole[:end]}".encode())) as here:
            assert refusal(client(here).changes, "t1") == (207, "The answer ended too early")


@pytest.mark.parametrize("behaviour", [hangs, drips(b"HTTP/1.1 207 X\r\nContent-Length: 9999\r\n\r\n")])
def test_whoever_is_slow_is_left_in_time(behaviour, monkeypatch):
    monkeypatch.setattr(remote, "CALL_SECONDS", 0.5)
    with sink(behaviour) as here:
        began = time.monotonic()
        assert refusal(client(here).changes, "t1")[1] == "There was no whole answer within 0.5 s"
        assert time.monotonic() - began < 1


def test_all_calls_together_end_in_time():
    more = with_status(PATH, 507)
    with sink(multistatus(more, token="t2"), multistatus(more, token="t3"), hangs, hangs) as here:
        calendar = client(here, deadline=Deadline(0.5))
        assert refusal(calendar.changes, "t1") == (None, "There was no whole answer within 0.5 s")
        assert refusal(calendar.listing) == (None, "There was no whole answer within 0.5 s")
    assert len(here.received) == 3


def test_of_more_than_ten_mib_nothing_is_taken():
    body = f"<multistatus {SPACES}><!--{'x' * 10 * 2**20}--></multistatus>"
    with sink(xml(body)) as here:
        assert refusal(client(here).listing) == (207, "The answer is larger than 10 MiB")


def test_objects_of_many_answers_are_bounded():
    hrefs = [f"{PATH}{number}.ics" for number in range(400)]
    large = multistatus(here_is(hrefs[0], data="x" * 9 * 2**20))
    with sink(*[large] * 8) as here:
        assert refusal(client(here).bodies, hrefs) == (None, "The calendar is larger than 64 MiB")
    assert len(here.received) == 8


def test_members_are_bounded():
    rows = "".join(here_is(f"{PATH}{number}") for number in range(20_001))
    with sink(multistatus(ITSELF, rows), multistatus(rows, token="t")) as here:
        calendar = client(here)
        assert refusal(calendar.listing) == (None, "The calendar has more than 20000 objects")
        assert refusal(calendar.changes, "") == (None, "The calendar has more than 20000 objects")


def test_a_large_answer_makes_no_large_tree():
    row = f"<multistatus {SPACES}>{'<x/>' * 400_000}<sync-token>t</sync-token></multistatus>"
    with sink(xml(row)) as here:
        tracemalloc.start()
        try:
            assert client(here).changes("t1").changed == {}
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 5 * len(row)


# --- Where it does not go ----------------------------------------------------------------------

HOSTILE = [
    "/cal/other/a.ics",
    "/cal/room%20a",
    "/cal/room%20a/../other/a.ics",
    "/cal/room%20a/%2e%2e",
    "/cal/room%20a/..",
    "/cal/room%20a/.",
    "/cal/room%20a/%2e%2e%2fother%2fa.ics",
    "/cal/room%20a/sub/a.ics",
    "/cal/room%20a/a.ics/",
    "/cal/room%20a//a.ics",
    "/cal/room%20a/a.ics?x",
    "/cal/room%20a/a.ics#x",
    "/cal%2Froom%20a/a.ics",
    "/cal/room%20a/a%0d%0aX:%20y.ics",
    "/cal/room%20a/a%00.ics",
    "/cal/room%20a/" + "x" * 1000,
    "a.ics",
    "",
    "//127.0.0.1/cal/room%20a/a.ics",
    "http://169.254.169.254/cal/room%20a/a.ics",
    "http://calendar.example.org/cal/room%20a/a.ics",
    "http://user:word@127.0.0.1/cal/room%20a/a.ics",
    "file:///cal/room%20a/a.ics",
    "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("href", HOSTILE)
def test_what_lies_elsewhere_is_not_asked_for(href):
    rows = [ITSELF, here_is(href, data="X"), here_is(f"{PATH}a.ics", data="A")]
    with sink(multistatus(*rows, with_status(href, 404), token="t2"), multistatus(*rows), multistatus(*rows)) as here:
        calendar = client(here)
        delta = calendar.changes("t1")
        assert (delta.changed, delta.deleted) == ({f"{PATH}a.ics": '"1"'}, ())
        assert calendar.listing() == {f"{PATH}a.ics": '"1"'}
        assert calendar.bodies([href, f"{PATH}a.ics"]) == {f"{PATH}a.ics": ('"1"', "A")}
        for ask in (calendar.delete, lambda own: calendar.put(own, "x")):
            assert refusal(ask, href) == (None, "It does not lie in the calendar")
    assert len(here.received) == 3
    assert here.received[2].body.count(b"<href>") == 1


@pytest.mark.parametrize(
    "href",
    [
        "/cal/room%20a/a%40b%20c.ics",
        "/cal/room a/a@b c.ics",
        "/%63al/room%20a/%61%40b%20c.ics",
        " https://127.0.0.1:8443/cal/room%20a/a@b%20c.ics\n",
        "http://127.0.0.1/cal/room%20a/a%40b%20c.ics",
    ],
)
def test_an_href_has_one_form(href):
    own = f"{PATH}a%40b%20c.ics"
    with sink(multistatus(here_is(href), token="t2"), multistatus(here_is(href, data="X")), status(204)) as here:
        calendar = client(here)
        assert calendar.changes("t1").changed == {own: '"1"'}
        assert calendar.bodies([href]) == {own: ('"1"', "X")}
        calendar.delete(href)
    assert lines(here)[2] == f"DELETE {own}"


def test_an_etag_that_would_be_a_second_header_is_none():
    row = here_is(f"{PATH}a.ics", etag="&quot;1&#13;&#10; X: y&quot;")
    with sink(multistatus(row, token="t2"), status(204), multistatus(row)) as here:
        calendar = client(here)
        assert calendar.changes("t1").changed == {f"{PATH}a.ics": ""}
        assert calendar.put(f"{PATH}a.ics", "x", etag='"1"\r\nX: y') == ""
    assert here.received[1].headers["if-match"] == "*"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://a.example.org/", "Must begin with https:// or http://"),
        ("http://a:b@a.example.org/", "Must not hold a username or a password"),
        ("http://a.example.org/?export", "Must not hold a question mark"),
    ],
)
def test_what_is_no_url_of_a_collection_is_refused(url, sentence):
    assert refusal(CalDavCollection, url) == (None, sentence)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[::1]/", "http://calendar.example.org/"])
def test_what_leads_inside_is_not_called(url):
    calendar = CalDavCollection(url, resolve=leading_to("169.254.169.254"))
    for ask in (lambda: calendar.changes("t"), calendar.listing, lambda: calendar.put(calendar.new_href("a"), "x")):
        assert refusal(ask) == (None, "Must not lead to a private address")


# --- Where the calendar has moved to -----------------------------------------------------------


def moved(url, code=301):
    return status(code, f"Location: {url}")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_calendar_that_has_moved_is_found(code):
    there = here_is("/new/", kind="<collection/>")
    changes = multistatus(here_is("/new/a.ics"), here_is(f"{PATH}b.ics"), token="t2")
    with sink(moved("/new", code), moved("/new/", code), multistatus(there), changes) as here:
        calendar = client(here)
        assert list(calendar.changes("t1").changed) == ["/new/a.ics"]
        assert calendar.url == f"http://127.0.0.1:{here.port}/new/"
    assert lines(here) == [f"REPORT {PATH}", f"PROPFIND {PATH}", "PROPFIND /new/", "REPORT /new/"]
    assert {each.headers["authorization"] for each in here.received} == {BASIC}


def test_a_listing_is_of_where_the_calendar_has_moved_to():
    with sink(moved("/new/"), multistatus(here_is("/new/", kind="<collection/>"), here_is("/new/a.ics"))) as here:
        assert client(here).listing() == {"/new/a.ics": '"1"'}


def test_the_password_goes_to_no_other_host(settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [HERE, NAME]
    with sink() as here:
        there = f"http://{NAME}:{here.port}/new/"
        rows = multistatus(here_is("/new/", kind="<collection/>"), token="t2")
        here.behaviours = [moved(there), moved(there), rows, rows, status(401)]
        calendar = client(here, resolve=leading_to(HERE))
        calendar.changes("t1")
        assert refusal(calendar.put, "/new/a.ics", "x")[0] == 401
    assert [each.headers.get("authorization") for each in here.received] == [BASIC, BASIC, None, None, None]


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://[::1]/", "http://localhost/"])
def test_a_calendar_that_has_moved_inside_is_not_followed(url):
    private = (301, "The redirect is not followed: must not lead to a private address")
    with sink(*[moved(url)] * 3) as here:
        assert refusal(client(here).changes, "t1") == private
        assert refusal(client(here).listing) == private


def test_a_redirect_of_what_writes_is_not_followed():
    with sink(*[moved(f"http://127.0.0.1:{1}/new/")] * 2) as here:
        calendar = client(here)
        sentence = "The server answers otherwise than expected (HTTP 301)"
        assert refusal(calendar.bodies, [f"{PATH}a.ics"]) == (301, sentence)
        assert refusal(calendar.put, f"{PATH}a.ics", "x") == (301, sentence)
    assert len(here.received) == 2


# --- Secrets -----------------------------------------------------------------------------------


def test_the_password_is_in_nothing_that_is_shown(tmp_path, monkeypatch, caplog, settings):
    settings.CALENDAR_ALLOW_PRIVATE_HOSTS = [HERE, NAME]
    tls, _ = self_signed(tmp_path, NAME)
    with sink(status(401), status(500), hangs) as here, sink(tls=tls) as untrusted:
        calendar = client(here, deadline=Deadline(1))
        secure = CalDavCollection(
            f"https://{NAME}:{untrusted.port}/", username="room", secret=SECRET, resolve=leading_to(HERE)
        )
        said = [repr(calendar), str(secure), caplog.text]
        for ask in (*[lambda: calendar.changes("")] * 3, secure.listing):
            with pytest.raises(RemoteFailed) as caught:
                ask()
            assert (caught.value.__cause__, caught.value.__context__) == (None, None)
            said += [repr(caught.value), caught.value.sentence]
    assert said[0] == "<CalDavCollection of 127.0.0.1>"
    assert said[-1] == "TLS: self-signed certificate"
    assert not any(word in text for text in said for word in (SECRET, BASIC.split()[1]))


@pytest.mark.parametrize(
    ("username", "secret", "sentence"),
    [
        ("a:b", SECRET, "A username must not hold a colon"),
        ("a", "\udc80", "The username or the password holds what is no character"),
    ],
)
def test_what_basic_authentication_cannot_say_is_refused(username, secret, sentence):
    with pytest.raises(RemoteFailed) as caught:
        CalDavCollection("http://127.0.0.1/", username=username, secret=secret)
    assert caught.value.sentence == sentence
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_without_a_name_nobody_logs_in():
    with sink(multistatus(token="t")) as here:
        CalDavCollection(f"http://127.0.0.1:{here.port}").changes("")
    assert "authorization" not in here.received[0].headers
    assert lines(here) == ["REPORT /"]
