"""Tables of any program come back as they were written; what is none is refused, never with another error."""

import csv
import io
import time
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel.tables.cells import NoValue, WrongCell, marked_as_text, number, text_of, truth, whole_number
from kernel.tables.delimited import read_delimited
from kernel.tables.headers import Columns, header_of
from kernel.tables.reading import MAX_BYTES, read_table
from kernel.tables.refusals import UnreadableTable
from kernel.tables.workbooks import MIB

NAMES = ("name", "capacity", "is_active", "building")
COLUMNS = Columns(NAMES, "name")
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=12).map(str.strip)
ROWS = st.lists(st.tuples(*[CELL] * len(NAMES)), min_size=1, max_size=8)
DELIMITER = st.sampled_from([",", ";", "\t", "|"])
ENCODING = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])


def as_written(rows):
    """{column: cell} of the rows that are not blank, blank cells left out."""
    cells = [{name: cell for name, cell in zip(NAMES, row, strict=True) if cell} for row in rows]
    return [row for row in cells if row]


@settings(max_examples=300, deadline=None)
@given(ROWS, DELIMITER, ENCODING, QUOTING, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_table_is_read_back_whatever_dialect_it_is_written_in(rows, delimiter, encoding, quoting, end, has_separator):
    assume(as_written(rows))
    text = io.StringIO(newline="")
    if any("\n" in cell or "\r" in cell for row in rows for cell in row):
        quoting = csv.QUOTE_ALL  # else Python quotes only what ends its own lines
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    lines = []
    for row in (NAMES, *rows):
        lines.append(before_last(text.getvalue(), end) + (1 if has_separator else 0))
        writer.writerow(row)
    content = ((f"sep={delimiter}{end}" if has_separator else "") + text.getvalue()).encode(encoding)
    table = read_table(content, COLUMNS)
    assert [row.cells for row in table.rows] == as_written(rows)
    assert [row.line for row in table.rows] == [line for line, row in zip(lines[1:], rows, strict=True) if any(row)]


def before_last(text, end):
    """The line on which the next row begins, as an editor counts."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.text("abc XYZ09", max_size=8).map(str.strip)] * 4), min_size=1), DELIMITER, st.booleans()
)
def test_utf_16_without_a_mark_is_read_back(rows, delimiter, is_little):
    assume(as_written(rows))
    text = "\n".join(delimiter.join(row) for row in (NAMES, *rows))
    table = read_table(text.encode("utf-16-le" if is_little else "utf-16-be"), COLUMNS)
    assert [row.cells for row in table.rows] == as_written(rows)


def outcome(content):
    """Read it; what is raised but our own refusal fails the test."""
    try:
        read_table(content, COLUMNS)
    except UnreadableTable as refusal:
        sentence = refusal.message
    else:
        return
    assert 0 < len(sentence) < 400
    assert "\n" not in sentence


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"name\n", b"name,capacity\n", b"\xff\xfe", b"PK\x03\x04", b"sep="])
)
def test_any_bytes_are_a_table_or_refused(content, beginning):
    outcome(beginning + content)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), ENCODING)
def test_any_text_is_a_table_or_refused(text, encoding):
    outcome(f"name{text}".encode(encoding, errors="surrogatepass"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
def test_a_header_of_more_columns_than_are_read_is_refused_by_their_count(delimiter):
    def read(count):
        titles = ["name", *(f"x{number}" for number in range(count - 1))]
        mark = "sep=^\n" if delimiter == "^" else ""
        return read_table(f"{mark}{delimiter.join(titles)}\nT-1\n".encode(), COLUMNS)

    assert [row.cells for row in read(256).rows] == [{"name": "T-1"}]
    for count in (257, 100_000):
        with pytest.raises(UnreadableTable, match="the header has more than 256 columns: keep the list alone"):
            read(count)


def test_titles_beyond_the_columns_that_are_read_are_not_looked_at():
    looked_at = []

    class Title(str):
        def __str__(self):
            looked_at.append(self)
            return str.__str__(self)

    titles = [Title("name"), *[Title("")] * 900_000]
    assert COLUMNS.count(titles) == 1
    with pytest.raises(UnreadableTable):
        header_of(titles, COLUMNS, place="line 1", line=1)
    assert 0 < len(looked_at) <= 256


def workbook(*rows, **sheets):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


WORKBOOK = workbook(NAMES, ("T-1", 30, True, "BC"), ("T-2", 1.5, datetime(2026, 1, 2), None))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=8), st.integers(1)
)
def test_damaged_workbook_is_a_table_or_refused(changes, length):
    content = bytearray(WORKBOOK)
    for place, byte in changes:
        content[place] = byte
    outcome(bytes(content[: max(4, length % (2 * len(content)))]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"]), st.data())
def test_workbook_with_damaged_xml_is_a_table_or_refused(part, data):
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = bytearray(old.read(name))
            if name == part:
                begin = data.draw(st.integers(0, len(content) - 1))
                content[begin : begin + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
            new.writestr(name, bytes(content))
    outcome(file.getvalue())


VALUE = st.one_of(
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12).filter(
        lambda text: text.strip() and not text.startswith("=") and "_x" not in text and not text.startswith("#")
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[VALUE] * 4), min_size=1, max_size=5))
def test_workbook_of_another_library_is_read_back(rows):
    table = read_table(workbook(NAMES, *rows), COLUMNS)
    assert [tuple(row.cells.get(name) for name in NAMES) for row in table.rows] == rows


def test_cells_of_a_workbook_are_what_they_are():
    table = read_table(
        workbook(NAMES, ("=1+1", datetime(2026, 1, 2), "#N/A", 2.5), (), ("B", date(1999, 12, 31))), COLUMNS
    )
    first, second = table.rows
    assert first.cells == {
        "name": NoValue("a formula that was never calculated"),
        "capacity": datetime(2026, 1, 2),
        "is_active": NoValue("the error #N/A"),
        "building": 2.5,
    }
    assert (second.line, second.cells) == (4, {"name": "B", "capacity": datetime(1999, 12, 31)})


def test_the_sheet_that_has_the_column_is_read_and_said():
    table = read_table(workbook(("remarks",), ("x",), Rooms=[NAMES, ("T-1",)]), COLUMNS)
    assert ([row.cells for row in table.rows], table.notes) == ([{"name": "T-1"}], ("Only the sheet 'Rooms' is read.",))


def test_several_sheets_with_lists_are_refused():
    with pytest.raises(UnreadableTable, match="Several sheets have a column name: 'Sheet', 'More'"):
        read_table(workbook(NAMES, ("T-1",), More=[NAMES, ("T-2",)]), COLUMNS)


def test_hidden_sheets_do_not_count():
    book = openpyxl.load_workbook(io.BytesIO(workbook(NAMES, ("T-1",), More=[NAMES, ("T-2",)])))
    book["Sheet"].sheet_state = "hidden"
    book.active = book["More"]
    file = io.BytesIO()
    book.save(file)
    assert [row.cells["name"] for row in read_table(file.getvalue(), COLUMNS).rows] == ["T-2"]


def test_merged_cells_are_a_fault_of_their_rows():
    book = openpyxl.load_workbook(io.BytesIO(workbook(NAMES, ("A", 1), ("B", 2), ("C", 3), ("D", 4))))
    book.active.merge_cells("D3:D4")
    file = io.BytesIO()
    book.save(file)
    faults = [(row.line, row.fault) for row in read_table(file.getvalue(), COLUMNS).rows]
    said = "it has merged cells: divide them, and fill in each"
    assert faults == [(2, ""), (3, said), (4, said), (5, "")]


RELATIONS = b'<Relationships><Relationship Id="r1" Type="/%s" Target="%s"/>%s</Relationships>'
MORE = (
    b'<Relationship Id="r2" Type="/sharedStrings" Target="s.xml"/><Relationship Id="r3" Type="/styles" Target="f.xml"/>'
)
PARTS = {
    "_rels/.rels": RELATIONS % (b"officeDocument", b"w.xml", b""),
    "_rels/w.xml.rels": RELATIONS % (b"worksheet", b"1.xml", MORE),
    "w.xml": b'<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
    "1.xml": b"<worksheet/>",
    "s.xml": b"<sst/>",
    "f.xml": b"<styleSheet/>",
}


def packed(**parts):
    """A workbook of parts, each in pieces."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            with archive.open(name, "w") as part:
                for piece in parts.get(name.removesuffix(".xml"), [content]):
                    part.write(piece)
    return file.getvalue()


def filled(begin, piece, mib):
    return [begin, *[piece * (MIB // len(piece))] * mib]


BOMBS = {
    "a sheet of 200 MB": {"1": filled(b"<worksheet>", b"<row/>", 200)},
    "texts of 200 MB": {"s": filled(b"<sst>", b"<si/>", 200)},
    "a million rows": {"1": [b"<worksheet>", *[b"<row><c><v>1</v></c></row>" * 1000] * 1000]},
    "an unread part of 200 MB": {"f": filled(b"<x>", b"<y/>", 200)},
    "many rows": {"1": filled(b"<worksheet>", b"<row/>", 7)},
    "many texts": {"s": filled(b"<sst>", b"<si/>", 7)},
    "many formats": {"f": filled(b"<styleSheet><cellXfs>", b"<xf/>", 7)},
    "many cells": {"1": filled(b"<worksheet><row>", b"<c><v>1</v></c>", 7)},
    "deep": {"1": filled(b"", b"<a>", 7)},
    "entities": {"1": [b'<!DOCTYPE a [<!ENTITY a "aaaaaaaa">]><worksheet>&a;</worksheet>']},
    "a column far away": {"1": [b'<worksheet><row><c r="XFD1"><v>1</v></c></row></worksheet>']},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_is_refused_soon_and_in_little_memory(bomb):
    content = packed(**BOMBS[bomb])
    assert len(content) < MAX_BYTES
    # Processor time: other tests run at the same time.
    began = time.process_time()
    with pytest.raises(UnreadableTable):
        read_table(content, COLUMNS)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("bomb", ["a sheet of 200 MB", "texts of 200 MB", "a million rows", "an unread part of 200 MB"])
def test_workbook_is_refused_by_what_it_would_unpack_to_before_it_is_unpacked(bomb, monkeypatch):
    content = packed(**BOMBS[bomb])

    def refuse(*args, **kwargs):
        raise AssertionError("something was unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "open", refuse)
    with pytest.raises(UnreadableTable, match="would unpack to more than 8 MiB, which is the most that is read"):
        read_table(content, COLUMNS)


def test_rows_are_read_as_they_come():
    progress = []
    content = b"name;capacity\n" + b"T-1;30\n" * 200_000
    table = read_delimited(io.BytesIO(content), COLUMNS, progress.append)
    assert next(table.rows).cells == {"name": "T-1", "capacity": "30"}
    assert sum(progress) < 100_000
    assert sum(1 for _ in table.rows) == 199_999
    assert sum(progress) == len(content)


def test_quotation_mark_that_is_never_closed_does_not_swallow_a_long_file():
    table = read_delimited(io.BytesIO(b'name\nA\n"B\n' + b"C\n" * 3_000_000), COLUMNS)
    with pytest.raises(UnreadableTable, match="line 3: a quotation mark opens a cell here that is never closed"):
        list(table.rows)


@pytest.mark.parametrize("reader", [truth, whole_number, number, text_of])
@pytest.mark.parametrize("cell", [NoValue("the error #N/A"), datetime(2026, 1, 2)])
def test_cell_that_is_no_value_or_a_date_is_said(reader, cell):
    with pytest.raises(WrongCell, match=r"the error #N/A|'2026-01-02T00:00:00'"):
        reader(cell)


@pytest.mark.parametrize("cell", [float("nan"), float("inf"), -float("inf"), 10**400, ""])
def test_number_of_no_size_is_none(cell):
    for reader in (truth, whole_number, number):
        with pytest.raises(WrongCell):
            reader(cell)
    assert text_of(cell) == str(cell)


@given(st.text(max_size=10).map(str.strip).filter(lambda text: "\ufeff" not in text))
def test_text_that_is_marked_for_a_spreadsheet_comes_back(text):
    assert text_of(marked_as_text(text)) == text
