"""Date-times of the wire, against the values of the contract."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from calendars.queries.clearing_json import wall_text
from dialects.room_booking.date_times import NoDateTime, NoSuchMoment, instant_of

BERLIN, TAIPEI, HOWE = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Taipei", "Australia/Lord_Howe"))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2025-01-02T12:00:00", BERLIN, utc(2025, 1, 2, 11)),
        ("2025-07-02T12:00:00", BERLIN, utc(2025, 7, 2, 10)),
        ("2025-01-02T12:00", TAIPEI, utc(2025, 1, 2, 4)),
        ("2025-01-02 12:00", TAIPEI, utc(2025, 1, 2, 4)),
        ("2025-01-02t12:00:07", TAIPEI, utc(2025, 1, 2, 4, 0, 7)),
        ("2025-01-02T12:00+01:00", TAIPEI, utc(2025, 1, 2, 11)),
        ("2025-01-02T12:00:00+0530", TAIPEI, utc(2025, 1, 2, 6, 30)),
        ("2025-01-02T12:00:00-09", TAIPEI, utc(2025, 1, 2, 21)),
        ("2025-01-02T12:00:00-00:00", TAIPEI, utc(2025, 1, 2, 12)),
        ("2025-01-02T12:00:00Z", TAIPEI, utc(2025, 1, 2, 12)),
        ("2025-01-02T12:00z", TAIPEI, utc(2025, 1, 2, 12)),
        ("2025-01-02T12:00:00.999999", TAIPEI, utc(2025, 1, 2, 4)),
        ("2025-01-02T12:00:59.9999999999Z", TAIPEI, utc(2025, 1, 2, 12, 0, 59)),
        ("2025-01-02T12:00:59,5Z", TAIPEI, utc(2025, 1, 2, 12, 0, 59)),
        ("2024-02-29T23:59:59+23:59", BERLIN, utc(2024, 2, 29, 0, 0, 59)),
        # The hour that comes twice: the earlier one. With an offset there is no doubt.
        ("2025-10-26T02:30:00", BERLIN, utc(2025, 10, 26, 0, 30)),
        ("2025-10-26T02:30:00+01:00", BERLIN, utc(2025, 10, 26, 1, 30)),
        ("2025-04-06T01:45:00", HOWE, utc(2025, 4, 5, 14, 45)),
        # Beside the gap.
        ("2025-03-30T01:59:59", BERLIN, utc(2025, 3, 30, 0, 59, 59)),
        ("2025-03-30T03:00:00", BERLIN, utc(2025, 3, 30, 1)),
        ("2025-03-30T02:30:00+01:00", BERLIN, utc(2025, 3, 30, 1, 30)),
        ("0001-01-02T00:00:00Z", BERLIN, utc(1, 1, 2)),
        ("9999-12-31T23:59:59Z", UTC, utc(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_what_is_read(text, zone, instant):
    assert instant_of(text, zone) == instant
    assert instant_of(text, zone).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "now", "2025-01-02", "12:00", "2025-01-02T", "2025-01-02T12", "20250102T120000", "2025-W01-1T12:00"),
        *(
            "2025-001T12:00",
            "2025-1-2T12:00",
            "2025-13-01T12:00",
            "2025-02-29T12:00",
            "2025-01-32T12:00",
            "0000-01-01T12:00",
        ),
        *("2025-01-02T24:00", "2025-01-02T12:60", "2025-01-02T23:59:60", "2025-01-02T25:00", "2025-01-02T1:00"),
        *(
            " 2025-01-02T12:00",
            "2025-01-02T12:00 ",
            "2025-01-02T12:00\n",
            "2025-01-02T12:00 +01:00",
            "2025-01-02_12:00",
        ),
        *("2025-01-02T12:00+24:00", "2025-01-02T12:00+01:60", "2025-01-02T12:00+1", "2025-01-02T12:00:00+01:00:30"),
        *("2025-01-02T12:00Europe/Berlin", "2025-01-02T12:00:00.", "2025-01-02T12:00.5", "2025-01-02T12:00ZZ"),
        *("٢٠٢٥-٠١-٠٢T١٢:٠٠", "２０２５-01-02T12:00", "12025-01-02T12:00", "-2025-01-02T12:00", "2025-01-02T12:00\x00"),
        *(
            "1735815600",
            "2025/01/02 12:00",
            "02.01.2025 12:00",
            "Thu, 02 Jan 2025 12:00:00 GMT",
            "2025-01-02T12:00\ud800",
        ),
    ],
)
def test_what_is_no_date_time(text):
    with pytest.raises(NoDateTime, match="such as 2025-01-02T12:00:00"):
        instant_of(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2025-03-30T02:00:00", BERLIN),
        ("2025-03-30T02:59:59", BERLIN),
        ("2025-10-05T02:15", HOWE),
        ("0001-01-01T00:00:00", TAIPEI),
        ("0001-01-01T00:00:00+00:01", BERLIN),
        ("9999-12-31T23:59:59-00:01", BERLIN),
    ],
)
def test_what_there_is_not(text, zone):
    with pytest.raises(NoSuchMoment):
        instant_of(text, zone)


@pytest.mark.parametrize(
    ("instant", "zone", "text"),
    [
        (utc(2025, 7, 13, 22), "Europe/Berlin", "2025-07-14T00:00:00+02:00"),
        (utc(2025, 1, 14, 7, 33, 20, 999_999), "Europe/Berlin", "2025-01-14T08:33:20+01:00"),
        (utc(2025, 1, 14, 7, 33, 20), "UTC", "2025-01-14T07:33:20+00:00"),
        (utc(2025, 1, 14, 7, 33), "Asia/Kathmandu", "2025-01-14T13:18:00+05:45"),
        (utc(2025, 1, 14, 7, 33), "America/St_Johns", "2025-01-14T04:03:00-03:30"),
        (utc(2025, 10, 26, 0, 30), "Europe/Berlin", "2025-10-26T02:30:00+02:00"),
        (utc(2025, 10, 26, 1, 30), "Europe/Berlin", "2025-10-26T02:30:00+01:00"),
        (utc(1, 1, 1), "America/New_York", "0001-01-01T00:00:00+00:00"),
        (datetime.max.replace(tzinfo=UTC), "Asia/Taipei", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_what_is_written(instant, zone, text):
    assert wall_text(instant, zone) == text
