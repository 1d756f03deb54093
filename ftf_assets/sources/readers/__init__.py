"""Readers of foreign tables: ``file_formats.read_table`` reads every format, by its content.

    file_formats.py  the one entrance, and the suffixes that folders are searched for
    contents.py      bytes: gzip and zip unpacked within bounds, the kind of content by its first bytes
    texts.py         encodings
    csv_files.py     separators, headers, lines that are no rows
    json_files.py    lists of rows or objects, columns, JSON lines
    arrow_files.py   Parquet, Feather, Arrow streams
    raw_table.py     what every reader returns
    options.py       what the user may state: separator, decimal sign, order of dates, zone

A reader does not know what the columns mean. Candle files, feature caches and published results use the same
readers; which suffixes each of them accepts stands in ``sources/candles/source.py`` and
``sources/features/source.py``.

To accept a new format, write a module with its reader and call it in ``read_table``. A reader gets bytes from
anybody: it must end in a table or an ``InputError`` that names the file, and no byte may run code. Add it to
the tables of ``faults/test_fuzzed_readers.py`` and ``faults/test_malformed_input.py``; ``test_security.py``
refuses pandas readers anywhere else.
"""
