"""What the pictures share: the colours of a scale, and text that an XML writer may write. Pure."""

import re

LIGHTEST, DARKEST = (0xF3, 0xE8, 0xFF), (0x58, 0x1C, 0x87)
DARK_TEXT, LIGHT_TEXT = "#000000", "#ffffff"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def shade(share: float) -> str:
    """The colour of a share 0…1: darker is more."""
    parts = (round(light + (dark - light) * share) for light, dark in zip(LIGHTEST, DARKEST, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def ink(background: str) -> str:
    """Black or white, whichever reads better on a colour: their contrast is never below 4.5 : 1 (WCAG 2, AA)."""
    return DARK_TEXT if contrast(background, DARK_TEXT) >= contrast(background, LIGHT_TEXT) else LIGHT_TEXT


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb` as WCAG 2 measures it, 1…21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def xml_text(text: str) -> str:
    """The text without what XML has no way to write: each such character is shown as U+FFFD."""
    return NOT_XML.sub("\ufffd", text)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
