"""Words that give priority: where they count, and that nobody reads them (contract Room Booking §6)."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.rules.priorities import masked, priority_of

TOKENS = {"Board-2026": 5, "rector's-office": 9, "Board-2026-minor": 1, "minor-matter": 2}


@pytest.mark.parametrize(
    ("description", "priority", "text"),
    [
        ("", 0, ""),
        ("Board-2026", 5, "•••"),
        ("A (Board-2026), please", 5, "A (•••), please"),
        ("line\nBoard-2026\nline", 5, "line\n•••\nline"),
        ("rector's-office and Board-2026!", 9, "••• and •••!"),
        ("Board-2026 and rector's-office Board-2026", 9, "••• and ••• •••"),
        ("Board-20261", 0, "Board-20261"),
        ("xBoard-2026", 0, "xBoard-2026"),
        ("Board-2026_", 0, "Board-2026_"),
        ("Board-2026ß", 0, "Board-2026ß"),
        ("板Board-2026", 0, "板Board-2026"),
        ("board-2026", 0, "board-2026"),
        ("BoardX2026", 0, "BoardX2026"),
        ("xBoard-2026 Board-2026", 5, "xBoard-2026 •••"),
        ("Board-2026-minor", 5, "•••"),
        ("Board-2026-minor-matter", 5, "•••"),
        ("-Board-2026-", 5, "-•••-"),
        ("https://host/Board-2026?x", 5, "https://host/•••?x"),
    ],
)
def test_a_token_counts_as_a_whole_word(description, priority, text):
    assert (priority_of(description, TOKENS, 0), masked(description, TOKENS)) == (priority, text)


def test_without_a_token_the_default_holds_and_with_one_it_does_not():
    assert priority_of("nothing", TOKENS, 3) == 3
    assert priority_of("Board-2026-minor-matter", {"minor-matter": 2}, 3) == 2
    assert priority_of("anything", {}, 3) == 3


def test_no_tokens_or_an_empty_one_mask_nothing():
    assert (masked("text", {}), masked("text", {"": 1}), priority_of("text", {"": 1}, 0)) == ("text", "text", 0)


def test_a_token_with_signs_of_patterns_is_taken_literally():
    tokens = {"a.c+(d)*": 1, "++++++++": 2}
    assert masked("a.c+(d)* abc+(d)* ++++++++ x++++++++", tokens) == "••• abc+(d)* ••• x++++++++"


def is_word_there(text, token, place):
    end = place + len(token)
    return (
        text[place:end] == token
        and not (place and re.fullmatch(r"\w", text[place - 1]))
        and not (end < len(text) and re.fullmatch(r"\w", text[end]))
    )


def naive_masked(text, tokens):
    """Sign by sign: a mask where a token begins over which no other one reaches, nothing for the rest of it."""
    places = range(len(text))
    spans = [(place, place + len(each)) for each in tokens for place in places if is_word_there(text, each, place)]
    masks = {begin for begin, _ in spans if not any(other < begin < end for other, end in spans)}
    hidden = {place for begin, end in spans for place in range(begin, end)}
    return "".join("•••" if place in masks else "" if place in hidden else sign for place, sign in enumerate(text))


SOME_TOKENS = st.dictionaries(st.text(alphabet="ab-", min_size=1, max_size=4), st.integers(1, 3), max_size=3)


@settings(max_examples=1000)
@given(st.text(alphabet="ab- ", max_size=16), SOME_TOKENS)
def test_any_text_against_the_oracle(text, tokens):
    places = range(len(text))
    there = [tokens[token] for token in tokens if any(is_word_there(text, token, place) for place in places)]
    assert priority_of(text, tokens, 0) == max(there, default=0)
    assert masked(text, tokens) == naive_masked(text, tokens)


@pytest.mark.parametrize("text", ["a" * 1_000_000, "Board-2026 " * 100_000, "Board-202" * 100_000, "-" * 1_000_000])
def test_a_million_characters_take_no_time_to_speak_of(text):
    tokens = TOKENS | {"--------": 1}
    before = time.monotonic()
    priority_of(text, tokens, 0)
    masked(text, tokens)
    assert time.monotonic() - before < 10
