"""Readers of foreign tables: one module a file format, one registry of formats by file suffix.

``file_formats.py`` holds ``TABLE_FORMATS``: file suffix to reader. Candle files and feature caches both look
their reader up there; which suffixes each of them accepts stands in ``sources/candles/source.py`` and
``sources/features/source.py``. Stored artifacts and published results use the same readers.

To accept a new format, write a module with its reader, add one line to ``TABLE_FORMATS`` and one suffix to
the source that accepts it. A reader gets bytes from anybody: it must end in a frame or an ``InputError`` that
names the file, and no byte may run code. Add it to the tables of ``faults/test_fuzzed_readers.py`` and
``faults/test_malformed_input.py``; ``test_security.py`` refuses pandas readers anywhere else.
"""
