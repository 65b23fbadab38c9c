"""Names people give to things: one visible line. Pure."""

import re
import unicodedata

# What shows nothing: names that hold it look alike but are not. Bidirectional controls, zero-width characters, fillers
# of scripts, the blank of Braille: Unicode's Default_Ignorable_Code_Point, and what is empty by its drawing.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
# They choose between drawings of the same character, and phones send them with every other emoji.
VARIATION_SELECTORS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
SHOWS_NOTHING_ALONE = ("C", "M", "Z")
"""Categories of Unicode: controls and the like, marks that combine with a letter, separators."""
BLANK = "This field may not be blank."
NOT_VISIBLE = "Control, bidirectional and invisible characters are not allowed"


def one_line(text: str) -> str:
    """A name as it is kept: NFC, trimmed, without variation selectors."""
    return unicodedata.normalize("NFC", without_variations(text)).strip()


def without_variations(text: str) -> str:
    """The same characters, each in the drawing that it has by itself."""
    return VARIATION_SELECTORS.sub("", text)


def is_visible(name: str) -> bool:
    """Whether a reader sees every character of it; of a name without any, nothing is hidden.

    Marks belong to the letter before them (Thai, Devanagari, pointed Hebrew); alone they are no name.
    """
    if INVISIBLE.search(name) or VARIATION_SELECTORS.search(name):
        return False
    categories = [unicodedata.category(character) for character in name]
    has_shape = any(category[0] not in SHOWS_NOTHING_ALONE for category in categories)
    return "Cc" not in categories and (has_shape or not name.strip())
