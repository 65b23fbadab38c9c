"""Timetables as CSV of whatever program, and files of other systems that are none."""

import io
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.timetables.test_importing import CSV, counts
from timetables.models import Course, Unit


def imported(path, content, *options):
    path.write_bytes(content)
    out = io.StringIO()
    call_command("import_timetable", str(path), *options, stdout=out)
    return out.getvalue()


def in_dialect(delimiter, end="\n"):
    """The example; a cell with the separator in it is quoted, as spreadsheets do."""
    rows = [line.split(",") for line in CSV.splitlines()]
    cells = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    return end.join(delimiter.join(row) for row in cells) + end


@pytest.mark.parametrize(
    "content",
    [
        in_dialect(";").encode(),
        in_dialect("\t").encode(),
        in_dialect("|", "\r\n").encode(),
        f"sep=;\r\n{in_dialect(';', chr(13))}".encode(),
        in_dialect(";").encode("utf-16"),
        in_dialect("\t", "\r\n").encode("utf-16-le"),
        in_dialect(",").replace("record,name", "Record,NAME").encode("utf-8-sig"),
    ],
)
def test_csv_of_another_program_says_the_same(rooms, tmp_path, contents, content):
    imported(tmp_path / "plain.csv", CSV.encode())
    before = contents()
    said = imported(tmp_path / "other.csv", content)
    assert (counts(said)["faults"], counts(said)["bookings"]) == (2, {"kept": 24})
    assert contents() == before


def test_line_of_a_fault_is_where_its_row_begins(rooms, tmp_path):
    said = imported(tmp_path / "x.csv", b'sep=;\nrecord;name;code\nunits;"two\nlines";A\nparty;;\n')
    assert "line 5, party[0]: record is not one of semesters" in said


def test_western_letters_are_read_and_pointed_out(rooms, tmp_path):
    said = imported(tmp_path / "x.csv", "record;name\nunits;Génie électrique\n".encode("cp1252"))
    assert "the file is not UTF-8 and is read as Windows-1252: check its accents" in said
    assert Unit.objects.get().name == "Génie électrique"


@pytest.mark.parametrize("word", ["FALSCH", "no", "0", "Non ", "false"])
def test_truth_is_read_in_several_languages(rooms, tmp_path, word):
    imported(tmp_path / "x.csv", f"record;code;name;available\ncourses;CS-1;X;{word}\n".encode())
    assert not Course.objects.get().is_available


@pytest.mark.parametrize("written", ["6", "6.0", "6,0", " 6 ", "６"])
def test_number_is_read_as_spreadsheets_write_it(rooms, tmp_path, written):
    imported(tmp_path / "x.csv", f"record;code;name;credits\ncourses;CS-1;X;{written}\n".encode())
    assert Course.objects.get().credits == 6


def workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    return file.getvalue()


NUSMODS = b'[{"acadYear": "2026/2027", "moduleCode": "CS1010", "semesterData": [{"semester": 1, "timetable": []}]}]'
ITC = (
    b'<?xml version="1.0"?>\n<!DOCTYPE problem>\n<problem name="agh" nrDays="7" nrWeeks="16" slotsPerDay="288"><rooms/>'
)
PURDUE = b'<?xml version="1.0"?>\n<timetable version="2.4" initiative="puWestLafayetteTrdtn" slotsPerDay="288">'


@pytest.mark.parametrize("ending", ["json", "csv", "xml", "xlsx", "ics", "txt"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (NUSMODS, "is a file of NUSMods: make of each module a record of courses"),
        (ITC, "is a problem of the ITC 2019 in XML: make of each class"),
        (PURDUE, "is an XML of UniTime \\(Purdue\\): make of each course"),
        (b"\xef\xbb\xbfBEGIN:VCALENDAR\r\n", "is a calendar: import it with import_ics FILE --semester NAME"),
        (b"<timetables/>", "is XML: make records of it"),
        (workbook(), "is a workbook or another ZIP: save the sheet of records as CSV UTF-8"),
    ],
)
def test_file_of_another_system_is_one_line_that_says_what_to_do(rooms, tmp_path, contents, content, sentence, ending):
    before = contents()
    with pytest.raises(CommandError, match=sentence) as refusal:
        imported(tmp_path / f"x.{ending}", content)
    assert len(str(refusal.value).splitlines()) == 1
    assert contents() == before
