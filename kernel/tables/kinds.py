"""What a file is, by its first bytes. A name or a form may say anything else."""

from kernel.tables.refusals import UnreadableTable

HEAD_BYTES = 4096
ZIP = b"PK\x03\x04"
SAVE_AS = "open it in a spreadsheet program and save the list as CSV UTF-8 or XLSX"
SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or one that is locked with a password"),
    (b"%PDF", "a PDF"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
BEGINNINGS = (
    ("BEGIN:VCALENDAR", "a calendar (iCalendar)"),
    ("{\\RTF", "a text document (RTF)"),
    ("<", "an HTML or XML document"),
    ("{", "JSON"),
    ("[", "JSON"),
)
"""Of texts, in upper case."""


def is_zip(head: bytes) -> bool:
    """Whether it may be a workbook."""
    return head.startswith(ZIP)


def refuse_other_files(head: bytes) -> None:
    """Raises: UnreadableTable, where the bytes begin like something that is known to be no table."""
    for signature, what in SIGNATURES:
        if head.startswith(signature):
            raise _no_table(what)
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"")[:32].decode("latin-1").upper()
    for beginning, what in BEGINNINGS:
        if text.startswith(beginning):
            raise _no_table(what)


def _no_table(what: str) -> UnreadableTable:
    return UnreadableTable(f"This is {what}, not a table: {SAVE_AS}")
