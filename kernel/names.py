"""Names people give to things: one visible line. Pure."""

import re
import unicodedata

# Bidirectional controls, zero-width and other invisible characters: names that look alike but are not.
INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
BLANK = "This field may not be blank."
NOT_VISIBLE = "Control, bidirectional and invisible characters are not allowed"


def one_line(text: str) -> str:
    """A name as it is kept: NFC, trimmed."""
    return unicodedata.normalize("NFC", text).strip()


def is_visible(name: str) -> bool:
    """Whether a reader sees every character of it."""
    return not INVISIBLE.search(name) and all(unicodedata.category(character) != "Cc" for character in name)
