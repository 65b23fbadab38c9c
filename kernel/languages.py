"""The languages in which people are told things. What programs read (`error`, `code`, the log) is English.

Whoever keeps which language a person reads says here how it is asked (`connect`): what is shown to him asks for it in
the statement that reads it.
"""

import re

ENGLISH = "en"
TRADITIONAL_CHINESE = "zh-hant"
NAMES_OF_LANGUAGES = {ENGLISH: "English", TRADITIONAL_CHINESE: "繁體中文"}
LANGUAGES = tuple(NAMES_OF_LANGUAGES)
TAGS = {
    re.compile(r"en(-.*)?"): ENGLISH,
    re.compile(r"zh-(hant|tw|hk|mo)(-.*)?"): TRADITIONAL_CHINESE,
}
"""What browsers call them."""
RANGE = re.compile(r"\s*([a-z0-9-]{1,35})\s*(?:;\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?", re.IGNORECASE)
MAX_RANGES = 20
_questions: list[str] = []


def language_wished_for(accept_language: str) -> str | None:
    """Which of ours an `Accept-Language` (RFC 9110 §12.5.4) asks for before the others; None where it names none."""
    weights: dict[str, float] = {}
    for text in accept_language.split(",")[:MAX_RANGES]:
        if (wish := RANGE.fullmatch(text)) and (language := _language_of(wish[1].lower())):
            weights[language] = max(float(wish[2] or 1), weights.get(language, 0))
    best = max(weights, key=lambda language: weights[language], default=None)
    return best if best is not None and weights[best] > 0 else None


def _language_of(tag: str) -> str | None:
    return next((language for pattern, language in TAGS.items() if pattern.fullmatch(tag)), None)


def connect(question: str) -> None:
    """Have a person's language asked by this SQL: one parameter, his id; one column, null or no row where he has not
    chosen. Called from `AppConfig.ready`."""
    _questions[:] = [question]


def question_of_language() -> str:
    """The SQL, to be put into a statement in parentheses."""
    (question,) = _questions
    return question
