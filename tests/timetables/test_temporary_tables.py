"""The temporary tables that an import makes are those that `timetables.importing.tables` describes."""

import re

from django.db import connection

from timetables.importing import tables

TEMPORARY_COLUMNS = """
SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""


def described():
    """{(table, column)} of the page: a name and two spaces begin a table; four spaces, names and two spaces columns."""
    pairs, table = [], None
    for line in tables.__doc__.splitlines():
        if found := re.match(r"(\w+)  \S", line):
            table = found[1]
        elif found := re.match(r"    (\w+(?:, \w+)*)  \S", line):
            pairs += [(table, column) for column in found[1].split(", ")]
    assert len(set(pairs)) == len(pairs)
    return set(pairs)


def test_temporary_tables_are_those_described(rooms, file, run_import):
    run_import(file)
    # They end with the transaction, which here is the test's.
    with connection.cursor() as cursor:
        cursor.execute(TEMPORARY_COLUMNS)
        made = set(cursor.fetchall())
    assert made == described()
