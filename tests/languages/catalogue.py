"""Writes the catalogues in `locale/` from the phrases that apps declare: `make messages`.

What is said has its line, with the translation it had; what is not said any more has none. They are compiled beside it,
so that a server needs neither this nor gettext's own programs.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from kernel.languages import ENGLISH, LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
HEADER = "# What people are told. Places in braces stay as they are; translate, then run `make messages`.\n"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
"""Of all catalogues: a file says nothing of when it was written."""


def file_of(language: str) -> Path:
    """`zh-hant` → `locale/zh_Hant/LC_MESSAGES/django.po`."""
    from django.utils.translation import to_locale

    return ROOT / "locale" / to_locale(language) / "LC_MESSAGES" / "django.po"


def catalogue_of(language: str) -> Catalog:
    """All that is said, each with the translation that the file has."""
    from django.utils.translation import to_locale

    from kernel.phrases import templates

    path, locale = file_of(language), to_locale(language)
    written = read_po(BytesIO(path.read_bytes() if path.exists() else b""), locale=locale)
    catalogue = Catalog(
        locale=locale, project="CSpace", version="1", header_comment=HEADER, creation_date=MOMENT, revision_date=MOMENT,
        fuzzy=False,
    )  # fmt: skip
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = "CSpace"
    for kind, phrase in templates():
        message = (phrase.text, phrase.many) if phrase.many else phrase.text
        if catalogue.get(message) is None:
            former = written.get(message)
            catalogue.add(message, former.string if former else None, auto_comments=[kind] if kind else [])
    return catalogue


def as_text(catalogue: Catalog) -> bytes:
    """The `.po`."""
    file = BytesIO()
    write_po(file, catalogue, width=0)
    return b"".join(line for line in file.getvalue().splitlines(keepends=True) if b"Generated-By" not in line)


def compiled(catalogue: Catalog) -> bytes:
    """The `.mo`."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """What the catalogue has no translation of."""
    return [str(message.id) for message in catalogue if message.id and not all(_strings(message.string))]


def _strings(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (string,)


def main() -> None:
    import django

    django.setup()
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        path, catalogue = file_of(language), catalogue_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_text(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for text in untranslated(catalogue):
            sys.stdout.write(f"{language}: no translation of {text!r}\n")


if __name__ == "__main__":
    import os

    import tests.environment  # noqa: F401

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cspace.settings")
    main()
