"""What arrives is a legal mail that says what it was told to, and nothing else."""

import datetime as dt
from email import message_from_bytes, policy

import icalendar
import pytest

from kernel.letters import CalendarObject, Message
from outbox.services.composing import CannotBeWritten, compose

NOW = dt.datetime(2026, 1, 20, 2, tzinfo=dt.UTC)
ICS = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CSpace//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:registration-5@rooms.example.edu",
        "DTSTAMP:20260120T020000Z",
        "DTSTART:20260121T020000Z",
        "SUMMARY:Übung im 教室",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)


@pytest.fixture(autouse=True)
def names(settings):
    settings.CSPACE_PUBLIC_URL = "https://rooms.example.edu"
    settings.SMTP_EMAIL, settings.SMTP_SENDER_NAME = "rooms@example.edu", "Räume, 教室"


def source_of(**changes):
    words = {"address": "ada@example.edu", "subject": "Hello", "text": "Hello.", "html": "<p>Hello.</p>"} | changes
    return compose(Message(**words), kind="mail.notice", letter_id=7, now=NOW)


def mail_of(**changes):
    return message_from_bytes(source_of(**changes), policy=policy.default)


def test_what_every_letter_has():
    mail = mail_of(headers={"List-Unsubscribe": "<https://rooms.example.edu/off>"})
    assert mail["Message-ID"] == "<mail-notice.7@rooms.example.edu>"
    assert mail["Date"] == "Tue, 20 Jan 2026 02:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://rooms.example.edu/off>"
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Räume, 教室", "rooms@example.edu")
    assert (mail["To"], mail["Bcc"]) == ("ada@example.edu", None)
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_it_is_the_same_at_each_try():
    assert (
        source_of().replace(b"\n", b"").partition(b"boundary")[0]
        == source_of().replace(b"\n", b"").partition(b"boundary")[0]
    )


def test_texts_and_subjects_of_all_languages_arrive_as_they_were():
    mail = mail_of(subject="Zimmer „Nord“ 教室 🎹", text="Grüße aus 臺北\n" + "長" * 2000, html=f"<p>{'ä' * 2000}</p>")
    assert mail["Subject"] == "Zimmer „Nord“ 教室 🎹"
    plain, html = mail.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == "Grüße aus 臺北\n" + "長" * 2000
    assert html.get_content() == f"<p>{'ä' * 2000}</p>"


@pytest.mark.parametrize("subject", ["Room 101, 2026-02-01 10:00–12:00. " * 3, "教室" * 60, "x" * 90, "a b " * 40])
def test_no_header_begins_with_an_empty_line(subject, settings):
    settings.SMTP_SENDER_NAME = "Die Raumverwaltung der Universität und ihrer Institute in der Stadt und am See"
    link = f"<https://rooms.example.edu/api/v1/unsubscribe/?token={'t' * 90}>"
    source = source_of(subject=subject, headers={"List-Unsubscribe": link})
    head = source.partition(b"\r\n\r\n")[0]
    assert all(line.partition(b":")[2].strip() for line in head.split(b"\r\n") if line[:1].strip())
    mail = message_from_bytes(source, policy=policy.default)
    assert (mail["Subject"], mail["List-Unsubscribe"]) == (subject.strip(), link)


@pytest.mark.parametrize("text", ["x" * 5000, "ü" * 5000, "a b " * 2000, "line\n" * 500, "\r\rx\r\n.\r\n..\n"])
def test_no_line_is_longer_than_a_mail_may_have(text):
    source = source_of(subject=text, text=text, html=text, headers={"X-Long": text.replace("\r", "")[:900]})
    assert source.isascii()
    assert max(len(line) for line in source.split(b"\r\n")) <= 998
    assert b"\n" not in source.replace(b"\r\n", b"")


def test_an_invitation_is_an_alternative_and_a_file():
    mail = mail_of(calendar=CalendarObject(method="REQUEST", text=ICS))
    assert mail.get_content_type() == "multipart/mixed"
    body, file = mail.iter_parts()
    assert [part.get_content_type() for part in body.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    for part in (list(body.iter_parts())[-1], file):
        assert part.get_content_type() == "text/calendar"
        assert (part.get_param("method"), part.get_param("charset")) == ("REQUEST", "utf-8")
        (event,) = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
        assert (event["UID"], event["SUMMARY"]) == ("registration-5@rooms.example.edu", "Übung im 教室")
    assert (file.get_filename(), file.get_content_disposition()) == ("invite.ics", "attachment")


BREAKS = [
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\r\n\r\n",
    "\ud800",
    "\x1b",
]


@pytest.mark.parametrize("sign", BREAKS, ids=[ascii(sign) for sign in BREAKS])
def test_a_line_break_makes_no_header_and_no_crash(settings, sign):
    evil = f"Room{sign}Bcc: eve@example.edu{sign}{sign}<script>"
    settings.SMTP_SENDER_NAME = evil
    source = source_of(subject=evil, text=evil, html=evil, headers={"X-Room": evil})
    mail = message_from_bytes(source, policy=policy.default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == mail["X-Room"] == "Room Bcc: eve@example.edu <script>"
    assert mail["From"].addresses[0].addr_spec == "rooms@example.edu"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert source.isascii()
    with pytest.raises(CannotBeWritten):
        source_of(address=f"ada@example.edu{sign}eve@example.edu")
    with pytest.raises(CannotBeWritten):
        source_of(headers={f"X-A{sign}Bcc": "eve@example.edu"})


@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "@example.edu", "ädä@example.edu", "a@b@example.edu", "Ada <ada@example.edu>", "a,b@c.de"],
)
def test_an_address_that_mail_cannot_be_sent_to_is_refused(address):
    with pytest.raises(CannotBeWritten, match="The address is none that mail can be sent to"):
        source_of(address=address)


@pytest.mark.parametrize("name", ["To", "from", "BCC", "Content-Type", "Message-ID", "Subject", "", "X:", "X Y"])
def test_a_message_gives_no_header_that_is_not_its_own(name):
    with pytest.raises(CannotBeWritten, match="is no header that a message may give"):
        source_of(headers={name: "x"})


def test_what_is_no_header_any_more_is_refused():
    with pytest.raises(CannotBeWritten, match="The header X-Room is longer than 900 characters"):
        source_of(headers={"X-Room": "x" * 901})
    with pytest.raises(CannotBeWritten, match="is no method of iCalendar"):
        source_of(calendar=CalendarObject(method="REQUEST\r\nBcc: x", text=ICS))


@pytest.mark.parametrize(
    ("url", "host"), [("http://[::1]:8000", "[::1]"), ("http://127.0.0.1:8000", "127.0.0.1"), ("", "localhost")]
)
def test_the_host_is_that_of_the_links(settings, url, host):
    settings.CSPACE_PUBLIC_URL = url
    assert mail_of()["Message-ID"] == f"<mail-notice.7@{host}>"
