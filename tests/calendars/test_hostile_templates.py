"""Templates that somebody words who wants more than a mail: each is refused in a line, and none costs anything."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError

from calendars.rules.templates import SAMPLE, SANDBOXES, UnusableTemplate, faults
from tests.calendars.test_templates import EVENT, FILTERS, mail, text_fault

NOTHING_ELSE = "Nothing can be called but a time's strftime, isoformat, date, time, weekday, isoweekday"
NOT_LONGER = "Nothing may be worked out that is longer than 2000 characters"
NO_LINE = "Only texts, numbers and times can be written; of a list, write each by a loop"
OVER_WHAT = "A loop can only go over overlap_events, or a list that is written there: [1, 2]"
FORMATS = 'strftime takes one text in quotes, with days, hours, …: "%d.%m.%Y %H:%M"'
ITS_OWN = "A loop needs one name of its own: for event in overlap_events"
TOO_DEEP = "It is nested too deeply"
TOO_MUCH = "It is too long for what it repeats: more than 50000 steps"


def no_filter(name):
    return f"Line 1: There is no filter “{name}”; there are {FILTERS}"


def for_each(body):
    return f"{{% for a in overlap_events %}}{body}{{% endfor %}}"


def each_twice(body):
    return for_each(f"{{% for b in overlap_events %}}{body}{{% endfor %}}")


HOSTILE = [
    # What leads out of the sandbox
    ("{{ ''.__class__.__mro__ }}", "Line 1: There is no field “__mro__”"),
    ("{{ start.__init__ }}", "Line 1: There is no field “__init__”"),
    ("{{ start['__class__'] }}", "Line 1: There is no field “__class__”"),
    ("{{ start['__cl' ~ 'ass__'] }}", "Line 1: In [ ] stands a number, or a field's name in quotes"),
    ("{{ start|attr('__class__') }}", no_filter("attr")),
    ("{{ '{0.__class__}'.format(start) }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ '{0.__class__}'|format(start) }}", no_filter("format")),
    ("{{ overlap_events|map('upper') }}", no_filter("map")),
    ("{{ self }}", "Line 1: There is no variable “self”"),
    ("{{ __builtins__ }}", "Line 1: There is no variable “__builtins__”"),
    ("{{ name.index }}", "Line 1: access to attribute 'index' of 'str' object is unsafe."),
    ("{{ overlap_events['index'] }}", "Line 1: access to attribute 'index' of 'list' object is unsafe."),
    ("{% for a in overlap_events if a.__class__ %}{% endfor %}", "Line 1: There is no field “__class__”"),
    ("{% for a in [1] %}{% else %}{{ a }}{% endfor %}", "Line 1: There is no variable “a”"),
    ("{% for a in [name.__class__] %}{% endfor %}", "Line 1: There is no field “__class__”"),
    ("{{ start.isoformat(name.__class__) }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ start.astimezone() }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ name() }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ name|safe }}", no_filter("safe")),
    ("{% autoescape false %}{{ name }}{% endautoescape %}", "Line 1: autoescape is not available"),
    ("{% include '/etc/passwd' %}", "Line 1: include is not available"),
    ("{% import 'x' as y %}", "Line 1: import is not available"),
    ("{% from 'x' import y %}", "Line 1: from is not available"),
    ("{% extends 'x' %}", "Line 1: extends is not available"),
    # What goes on and on
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "Line 1: macro is not available"),
    ("{% block a %}{{ self.a() }}{% endblock %}", "Line 1: block is not available"),
    ("{% call name() %}{% endcall %}", "Line 1: call is not available"),
    ("{% for a in overlap_events recursive %}{{ loop(a) }}{% endfor %}", "Line 1: A loop cannot be recursive"),
    ("{% for a in range(10**9) %}{% endfor %}", f"Line 1: {OVER_WHAT}"),
    ("{% for a in name %}{% endfor %}", f"Line 1: {OVER_WHAT}"),
    ("{% for overlap_events in ['ab'] %}{% for a in overlap_events %}{% endfor %}{% endfor %}", f"Line 1: {ITS_OWN}"),
    ("{% for a, b in overlap_events %}{% endfor %}", f"Line 1: {ITS_OWN}"),
    (f"{{% for a in [{'1,' * 21}] %}}{{% endfor %}}", "Line 1: A list, or a chain of elif, has 20 parts at most"),
    (each_twice("{% for c in overlap_events %}{% endfor %}"), "Line 1: Loops can stand in each other 2 deep"),
    (each_twice("{{ name }}" * 1_900), TOO_MUCH),
    (each_twice("{{ '' }}" * 30), TOO_MUCH),
    (each_twice("{{ name|upper|lower }}"), TOO_MUCH),
    # What becomes large
    (each_twice("x" * 19_000), "It comes to more than 100000 bytes"),
    ("{{ 'a'*10**9 }}", "Line 1: * is not available"),
    ("{{ 9**9**9**9 }}", "Line 1: ** is not available"),
    ("{{ '%1000000000d' % 1 }}", "Line 1: % is not available"),
    ("{{ range(10**9) }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ lipsum(100000) }}", f"Line 1: {NOTHING_ELSE}"),
    ("{{ cycler('a') }}{{ joiner() }}{{ dict(a=1) }}", f"Line 1: {NOTHING_ELSE}"),
    ("{% set x = 'x' %}{% for i in [1] %}{% set x = x ~ x %}{% endfor %}", "Line 1: set is not available"),
    ("{% set ns = namespace(x='x') %}{% set ns.x = ns.x ~ ns.x %}", "Line 1: set is not available"),
    ("{% set x %}{{ name }}{% endset %}", "Line 1: set is not available"),
    ("{% with x = name ~ name %}{{ x ~ x }}{% endwith %}", "Line 1: with is not available"),
    ("{% filter upper %}{{ name }}{% endfilter %}", "Line 1: filter is not available"),
    ("{{ name|center(1000000000) }}", no_filter("center")),
    ("{{ name|indent(1000000000) }}", no_filter("indent")),
    ("{{ name|wordwrap(1) }}", no_filter("wordwrap")),
    ("{{ overlap_events|batch(9)|list }}", no_filter("list")),
    ("{{ name|trim(*overlap_events) }}", "Line 1: A filter takes what is written in its ( )"),
    ("{{ name|trim(**name) }}", "Line 1: A filter takes what is written in its ( )"),
    ("{{ 1 is eq(*name) }}", "Line 1: A test takes what is written in its ( )"),
    ("{{ name|replace('a', overlap_events) }}", f"Line 1: {NO_LINE}"),
    ("{{ name|replace('a', new=overlap_events) }}", f"Line 1: {NO_LINE}"),
    ("{{ {'a': name} }}", "Line 1: {…: …} is not available"),
    ("{{ name[::2] }}", "Line 1: In [ ] stands a number, or a field's name in quotes"),
    ("{{ overlap_events }}", f"Line 1: {NO_LINE}"),
    ("{{ overlap_events ~ '' }}", f"Line 1: {NO_LINE}"),
    ("{{ overlap_events|string }}", f"Line 1: {NO_LINE}"),
    ("{{ [overlap_events, overlap_events]|join }}", f"Line 1: {NO_LINE}"),
    ("{{ 'a'|join('b')|join('c') }}", "Line 1: Only a list can be joined"),
    ("{{ overlap_events|join(attribute='__class__') }}", "Line 1: Only by a field of an event can a list be joined"),
    (f"{{{{ [{'1,' * 20}]|join('{'x' * 999}') }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ 'aa'{'''|replace('a', 'aa')''' * 30} }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ 'a'|replace('', '{'a' * 1_999}') }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ '{'&' * 1_000}'|e|string|e }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ '{'ΐ' * 1_000}'|upper }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ {'name ~ ' * 2_000}name }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ '{'a' * 1_500}' + '{'a' * 1_500}' }}}}", f"Line 1: {NOT_LONGER}"),
    (f"{{{{ '{'a' * 19_000}' }}}}", "Line 1: A text in quotes has 2000 characters at most"),
    (f"{{{{ {'9' * 19_000} }}}}", "A number is 1000000000 at most"),
    (f"{{{{ 0x{'f' * 19_000} }}}}", "Line 1: A number is 1000000000 at most"),
    ("{{ 1e999 }}", "Line 1: A number is 1000000000 at most"),
    ("{{ start.strftime('%1000000000d') }}", f"Line 1: {FORMATS}"),
    ("{{ start.strftime('%-1000000000d') }}", f"Line 1: {FORMATS}"),
    ("{{ start.strftime('%_99999999Y') }}", f"Line 1: {FORMATS}"),
    ("{{ start.strftime(name) }}", f"Line 1: {FORMATS}"),
    (f"{{{{ start.strftime('{'%c' * 13}') }}}}", f"Line 1: {FORMATS}"),
    (f"{{{{ start.strftime('{'x' * 101}') }}}}", f"Line 1: {FORMATS}"),
    # What goes deep
    (f"{{{{ {'(' * 9_000}1{')' * 9_000} }}}}", TOO_DEEP),
    (f"{{{{ {'[' * 9_000}{']' * 9_000} }}}}", TOO_DEEP),
    (f"{{{{ {'not ' * 4_000}1 }}}}", TOO_DEEP),
    (f"{{{{ {'-' * 9_000}1 }}}}", TOO_DEEP),
    (f"{{{{ {'1 if 1 else ' * 1_500}1 }}}}", TOO_DEEP),
    (f"{{{{ {'1+' * 9_000}1 }}}}", f"Line 1: {TOO_DEEP}"),
    (f"{{{{ name{'|upper' * 3_000} }}}}", f"Line 1: {TOO_DEEP}"),
    (f"{{{{ name{'.name' * 3_000} }}}}", f"Line 1: {TOO_DEEP}"),
    ("{% if 1 %}" * 900 + "{% endif %}" * 900, TOO_DEEP),
    ("{% for a in [1] %}" * 600 + "{% endfor %}" * 600, TOO_DEEP),
    (f"{{% if 0 %}}{'{% elif 0 %}' * 1_500}{{% endif %}}", "Line 1: A list, or a chain of elif, has 20 parts at most"),
    # What is nothing at all
    ("{#" * 10_000, "Line 1: Missing end of comment tag"),
    ("{" * 20_000, TOO_DEEP),
    ("{%" * 10_000, "Line 1: tag name expected"),
    ("{% raw %}" * 2_000, "Line 1: Missing end of raw directive"),
]  # fmt: skip
DEAR = [
    "{{ name }}" * 2_000,
    "{{name|e|e}}" * 1_600,
    "{{name~1~2~3~4~5~6~7~8~9}}" * 700,
    "{%if 1%}1{%endif%}" * 1_050,
    each_twice("{{ '' }}" * 9),
    each_twice("{% if a.start > b.end %}{% endif %}"),
    for_each("{% if overlap_events|join(attribute='created') %}{% endif %}" * 15),
    for_each(f"{{% if a.start.strftime('{'%c' * 12}') %}}{{% endif %}}" * 60),
    for_each(f"{{% for b in [{'1,' * 20}] %}}{{% if '{'a ' * 990}'|upper|lower %}}{{% endif %}}{{% endfor %}}"),
]
"""Nothing is wrong with them; they do as much as may be done."""


@pytest.mark.parametrize(("template", "fault"), HOSTILE)
def test_hostile_templates_are_refused(template, fault):
    assert text_fault(template) == fault
    with pytest.raises(UnusableTemplate) as error:
        mail(template, overlap_events=[EVENT] * 50)
    assert str(error.value) == fault


@pytest.mark.parametrize("template", [*(template for template, _ in HOSTILE), *DEAR])
def test_no_template_takes_a_second_or_fifty_megabytes(template):
    before = time.monotonic()
    faults("", template, "")
    seconds = time.monotonic() - before
    tracemalloc.start()
    faults("", "", template)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (seconds < 5, most < 50_000_000) == (True, True), "on an idle machine it is less than a second"


@pytest.mark.parametrize("template", DEAR)
def test_dear_templates_are_allowed(template):
    assert faults("", template, template) == {}


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{#", "#}", "-", "if", "elif", "else", "endif", "for", "in", "endfor", "not", "and"),
        *("is", "name", "start", "overlap_events", "a", "loop", ".", "|", "~", "+", "(", ")", "[", "]", ",", "'", "1"),
        *("=", "==", "upper", "join", "default", "first", "truncate", "replace", "strftime", "'%d'", "defined", "\\"),
    ]
)
VALUES = st.sampled_from(["name", "start", "overlap_events", "organizer", "is_deleted", "1", "'ab'", "none", "wrong"])
OPERATORS = st.sampled_from(["+", "-", "~", "==", "<", "in", "and", "*"])
SIMPLE_FILTERS = st.sampled_from(["upper", "first", "length", "e", "join", "d", "truncate(3)"])
OTHER_FILTERS = st.sampled_from(["replace", "default", "join", "truncate"])
FIELDS = st.sampled_from(["name", "day", "strftime('%d')", "date()", "index", "__class__"])
EXPRESSIONS = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("{}|{}".format, inner, SIMPLE_FILTERS),
        st.builds("{}|{}({}, {})".format, inner, OTHER_FILTERS, inner, inner),
        st.builds("{}.{}".format, inner, FIELDS),
        st.builds("({} if {})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
    ),
    max_leaves=8,
)


def assert_judged(template):
    """It is in order, or is told what is wrong in single lines; and what is in order is rendered."""
    wrong = faults(template, template, template)
    assert all(line == " ".join(line.split()) and 0 < len(line) <= 320 for lines in wrong.values() for line in lines)
    if not wrong:
        shown = mail(template, subject=template, html=template)
        assert "\n" not in shown.subject
        assert " at 0x" not in shown.text + shown.html


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=25).map(" ".join))
def test_any_pieces_are_judged(template):
    assert_judged(template)


@settings(max_examples=700)
@given(EXPRESSIONS, EXPRESSIONS)
def test_any_expressions_are_judged(one, other):
    assert_judged(
        f"{{{{ {one} }}}}{{% for a in overlap_events %}}{{% if {other} %}}{{{{ a.name }}}}{{% endif %}}{{% endfor %}}"
    )


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("name.__class__", "access to attribute '__class__' of 'str' object is unsafe."),
        ("start.tzinfo", "access to attribute 'tzinfo' of 'datetime' object is unsafe."),
        ("start.astimezone()", "Undefined is not safely callable"),
        ("overlap_events.append(1)", "Undefined is not safely callable"),
        ("range(3)", "Undefined is not safely callable"),
        ("name.format()", "<function str.format at 0x"),
        ("name * 2", "* is not available"),
    ],
)
def test_the_sandbox_refuses_by_itself(expression, message):
    """Even if what a template consists of had not been judged."""
    template = SANDBOXES["text"].from_string(f"{{{{ {expression} }}}}")
    with pytest.raises(SecurityError) as error:
        template.render(SAMPLE)
    assert str(error.value).startswith(message)
