"""Tables that people send: CSV and XLSX, read by one reader, whatever program wrote them.

    kinds        what a file is by its first bytes, and what to do with one that is no table
    encodings    which characters the bytes of a text stand for
    delimited    CSV: what separates the cells, on which line a row begins
    workbooks    XLSX, bounded by what it would unpack to
    headers      which column is which
    cells        what a cell says: yes or no, a number, a text
    reading      a whole small file of either kind

What cannot be read is an `UnreadableTable`: one sentence that says what to do.
"""
