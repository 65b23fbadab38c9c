"""Whatever people are told is there in every language, and what is not said any more is gone."""

import re
from gettext import GNUTranslations

import pytest

from kernel.languages import ENGLISH, LANGUAGES
from kernel.phrases import FORMS, pieces_of, templates
from tests.languages.catalogue import as_text, catalogue_of, compiled, file_of, untranslated

OTHERS = [language for language in LANGUAGES if language != ENGLISH]
LETTER = re.compile("[A-Za-z]")


@pytest.fixture(params=OTHERS)
def language(request):
    return request.param


def places(text):
    return {name for _, name, _ in pieces_of(text) if name is not None}


def test_every_sentence_has_its_translation(language):
    assert untranslated(catalogue_of(language)) == []


def test_the_file_is_what_make_messages_writes(language):
    """So there is no line of something that is not said any more."""
    assert file_of(language).read_bytes() == as_text(catalogue_of(language))


def test_what_is_compiled_is_what_is_written(language):
    path = file_of(language).with_suffix(".mo")
    with path.open("rb") as file:
        translations = GNUTranslations(file)
    for message in catalogue_of(language):
        if isinstance(message.id, tuple):
            assert [translations.ngettext(*message.id, number) for number in (1, 2)] == [message.string[0]] * 2
        elif message.id:
            assert translations.gettext(message.id) == message.string
    assert path.read_bytes() == compiled(catalogue_of(language))


def test_a_translation_has_the_places_of_its_sentence_and_no_other(language):
    for message in catalogue_of(language):
        if not message.id:
            continue
        texts = message.id if isinstance(message.id, tuple) else [message.id]
        strings = message.string if isinstance(message.string, tuple) else [message.string]
        for string in strings:
            assert places(string) == places(texts[-1]), message.id


def test_a_translation_is_no_copy(language):
    """Of what has words in it; the form of a date has letters only."""
    copies = [
        message.id
        for message in catalogue_of(language)
        if message.id == message.string and LETTER.search("".join(literal for literal, _, _ in pieces_of(message.id)))
    ]
    assert copies == []


def test_every_place_can_be_filled():
    """By a part, or by a parameter in a form that there is."""
    for kind, phrase in templates():
        texts = [phrase.text, *([phrase.many] if phrase.many else [])]
        for language in OTHERS:
            texts += _translations(language, phrase)
        for text in texts:
            for _, name, form in pieces_of(text):
                assert name is None or (form == "" if name in phrase.parts else form in FORMS), (kind, text)


def _translations(language, phrase):
    message = catalogue_of(language).get((phrase.text, phrase.many) if phrase.many else phrase.text)
    return message.string if isinstance(message.string, tuple) else [message.string]
