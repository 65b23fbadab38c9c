"""Mails that an administrator words himself (contract Room Booking §9): what he may say, and that it costs nothing."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from calendars.rules.templates import PLAIN, SAMPLE, VARIABLES, RenderedMail, UnusableTemplate, faults, rendered

EVENT = SAMPLE["overlap_events"][0]
FILTERS = (
    "capitalize, count, d, default, e, escape, first, join, last, length, lower, replace, string, trim, truncate, upper"
)
BROKEN = "Control characters and broken Unicode are not allowed"


def mail(text="", *, subject="", html="", **values):
    """What a template comes to for the sample, with other values."""
    return rendered(SimpleNamespace(subject=subject, text=text, html=html), {**SAMPLE, **values})


def text_fault(text):
    """The first thing that is wrong with the text of a template."""
    return faults("Gone", text, "")["text"][0]


def test_the_variables_are_the_documented_ones():
    documented = [
        "name", "start", "end", "created", "is_deleted", "is_cancelled", "is_recurring", "is_priorized",
        "is_deprioritized", "organizer", "overlap_events", "calendar_name",
    ]  # fmt: skip
    assert list(VARIABLES) == documented
    assert set(SAMPLE) == set(documented)
    assert set(EVENT) == {"name", "start", "end", "created", "organizer", "is_priorized"}


TEXT = """Hello {{ organizer or "you" }},
{% if is_deleted %}
“{{ name }}” has been deleted from {{ calendar_name }}.
{%- elif is_cancelled %}
“{{ name }}” of {{ start.strftime("%d.%m.%Y %H:%M") }} has been cancelled.
{%- endif %}
{% for event in overlap_events %}
{{ loop.index }}. {{ event.name }}, {{ event.start.strftime("%A %-d %B, %H:%M") }} – {{ event["end"].time() }}
{%- endfor %}
{{ "It had priority." if overlap_events|length == 1 and overlap_events[0].is_priorized }}
"""


def test_a_template_for_every_case():
    assert faults("{{ name }}", TEXT, "<p>{{ name }}</p>") == {}
    assert mail(TEXT).text == (
        "Hello head-of-fundraising@my-awesome.org,\n\n“Fundraising Weekly” has been deleted from Meeting Room 1.\n\n"
        "1. Finance Monthly, Tuesday 15 July, 10:00 – 12:00:00\n\n"
    )
    cancelled = mail(
        TEXT,
        organizer=None,
        is_deleted=False,
        is_cancelled=True,
        start=dt.datetime(2026, 1, 2, 9, 5, tzinfo=ZoneInfo("Asia/Taipei")),
        overlap_events=[EVENT | {"is_priorized": True}],
    )
    assert cancelled.text == (
        "Hello you,\n\n“Fundraising Weekly” of 02.01.2026 09:05 has been cancelled.\n\n"
        "1. Finance Monthly, Tuesday 15 July, 10:00 – 12:00:00\nIt had priority.\n"
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ start }}", "2025-07-14 00:00:00+02:00"),
        (
            "{{ start.day }}.{{ start.month }}.{{ start.year }} {{ created.hour }}:{{ created.minute }}",
            "14.7.2025 15:11",
        ),
        ("{{ start.date().isoformat() }} {{ created.time() }}", "2025-07-14 15:11:19"),
        ("{{ 'yes' if start.date() == end.date() else 'no' }}", "no"),
        ("{{ end - start }}", "5 days, 0:00:00"),
        ("{{ start.strftime('100%% %Z %z') }}", "100% CEST +0200"),
        ("{{ name|upper ~ ', ' ~ (1 + 1) }}", "FUNDRAISING WEEKLY, 2"),
        ("{{ name|replace('Weekly', 'Daily')|truncate(14, true, '…', 0) }}", "Fundraising D…"),
        ("{{ overlap_events|join(', ', attribute='name') }}", "Finance Monthly"),
        ("{{ [name, organizer, none, 7]|join('; ') }}", "Fundraising Weekly; head-of-fundraising@my-awesome.org; ; 7"),
        ("{% for each in ['a', 'b'] if each != 'a' %}{{ each }}{{ loop.last }}{% else %}none{% endfor %}", "bTrue"),
        ("{% for each in overlap_events if each.is_priorized %}x{% else %}none{% endfor %}", "none"),
        ("{{ (overlap_events|first).organizer }}", "head-of-finance@my-awesome.org"),
        ("{{ 'x' if is_cancelled }}{# not seen #}{% raw %}{{ raw }}{% endraw %}", "{{ raw }}"),
        ("{{ 'odd' if 3 is odd and name in ['Fundraising Weekly'] }}", "odd"),
        ("{{ '<&>' }} {{ name|e }}", "<&> Fundraising Weekly"),
        ("Line\n", "Line\n"),
    ],
)
def test_what_can_be_said(template, text):
    assert faults("Gone", template, "") == {}
    assert mail(template).text == text


def test_the_html_part_is_escaped_and_the_others_are_not():
    template = "<b>{{ name }}</b>{{ name ~ '<br>' }}{{ [name]|join }}{{ name|replace('A', '<') }}"
    shown = mail(template, subject="{{ name }}", html=template, name="A&<i>")
    assert shown == RenderedMail(
        subject="A&<i>",
        text="<b>A&<i></b>A&<i><br>A&<i><&<i>",
        html="<b>A&amp;&lt;i&gt;</b>A&amp;&lt;i&gt;&lt;br&gt;A&amp;&lt;i&gt;&lt;&amp;&lt;i&gt;",
    )


def test_what_is_escaped_already_is_not_escaped_again():
    template = "{{ name|e }}{{ name|e ~ '<' }}{{ [name|e, '<']|join }}{{ name|e|replace('A', '<') }}"
    assert mail(html=template, name="A&").html == "A&amp;A&amp;&lt;A&amp;&lt;&lt;&amp;"


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\r", "\0", "\x0b", "\x7f", "\x85", "\u2028", "\u202e"])
def test_a_subject_is_one_line(sign):
    assert mail(subject="Gone:{{ name }}\n{{ organizer }}", name=f"{sign}Bcc: eve@x{sign}", organizer="a").subject == (
        "Gone: Bcc: eve@x a"
    )  # fmt: skip


def test_a_long_subject_ends_in_dots():
    assert mail(subject="{{ name }}", name="x" * 250).subject == "x" * 250
    assert mail(subject="{{ name }}", name="x" * 251).subject == "x" * 249 + "…"


def test_of_many_events_the_first_fifty_are_told():
    events = [EVENT | {"name": str(number)} for number in range(70)]
    template = "{% for each in overlap_events %}{{ each.name }} {% endfor %}{{ overlap_events|length }}"
    assert mail(template, overlap_events=events).text == "".join(f"{number} " for number in range(50)) + "50"


def test_a_value_that_is_missing_is_our_mistake():
    with pytest.raises(KeyError, match="calendar_name"):
        rendered(SimpleNamespace(subject="", text="", html=""), {name: SAMPLE[name] for name in list(SAMPLE)[:-1]})


def test_the_plain_words_are_a_template_themselves():
    assert faults(PLAIN.subject, PLAIN.text, PLAIN.html) == {}
    values = {
        **SAMPLE,
        "is_deleted": False,
        "is_cancelled": True,
        "overlap_events": [EVENT, EVENT | {"organizer": None}],
    }
    assert rendered(PLAIN, values) == RenderedMail(
        subject="Fundraising Weekly (Meeting Room 1) has been cancelled",
        text="Fundraising Weekly (Meeting Room 1, 2025-07-14 00:00 – 2025-07-19 00:00) has been cancelled: "
        "it overlaps what stays.\n\n"
        "- Finance Monthly, 2025-07-15 10:00 – 2025-07-15 12:00, head-of-finance@my-awesome.org\n"
        "- Finance Monthly, 2025-07-15 10:00 – 2025-07-15 12:00\n",
        html="",
    )


def test_what_only_other_values_break_is_told_in_one_line():
    with pytest.raises(UnusableTemplate) as error:
        mail("\n{{ overlap_events[1].name }}")
    assert str(error.value) == "Line 2: list object has no element 1"


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("\n\n{{ name", "Line 3: unexpected end of template, expected 'end of print statement'."),
        ("\n{% if %}", "Line 2: Expected an expression, got 'end of statement block'"),
        ("{% nonsense %}", "Line 1: Encountered unknown tag 'nonsense'."),
        ("{% if is_deleted %}{% else %}\n{{ nmae }}{% endif %}", "Line 2: There is no variable “nmae”"),
        ("{{ loop.index }}", "Line 1: There is no variable “loop”"),
        ("{% for each in [1] %}{% endfor %}{{ each }}", "Line 1: There is no variable “each”"),
        ("{% for each in overlap_events %}{{ each.title }}{% endfor %}", "Line 1: There is no field “title”"),
        ("{{ start.name if is_cancelled }}", "Line 1: 'datetime.datetime object' has no attribute 'name'"),
        (
            "{{ name - 1 if not is_deleted and not is_cancelled }}",
            "Line 1: unsupported operand type(s) for -: 'str' and 'int'",
        ),
        ("{{ name - 1 if not organizer }}", "Line 1: unsupported operand type(s) for -: 'str' and 'int'"),
        ("{{ name|nonsense }}", f"Line 1: There is no filter “nonsense”; there are {FILTERS}"),
        ("{{ name is nonsense }}", "Line 1: There is no test “nonsense”"),
        ("{{ start.strftime }}", "Line 1: There is no field “strftime”"),
        ("x" * 20_001, "At most 20000 characters"),
        ("a\0b", BROKEN),
        ("\ud800", BROKEN),
        ("{{ '\\ud800' }}", f"Line 1: {BROKEN}"),
        ("{{ '\\x00' }}", f"Line 1: {BROKEN}"),
        ("{{ '\\N{nonsense}' }}", "Line 1: unknown Unicode character name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(template, fault):
    assert text_fault(template) == fault


def test_each_part_is_told_its_faults_all_at_once():
    assert faults("x" * 501, "{{ a }}\n{{ b }}{{ b }}{{ name.c }}", "{{ start.d }}") == {
        "subject": ["At most 500 characters"],
        "text": [
            "Line 1: There is no variable “a”",
            "Line 2: There is no variable “b”",
            "Line 2: There is no field “c”",
        ],
        "html": ["Line 1: There is no field “d”"],
    }
    assert len(faults("", "".join(f"{{{{ a{number} }}}}" for number in range(99)), "")["text"]) == 10
