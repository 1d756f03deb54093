"""Defects that a maintainer could make, and the proof that the tests catch every one: ``make mutants``.

``table.py`` lists the defects: a text of a source file, what replaces it, and the tests that must fail then.
``__main__.py`` plants them one by one in a copy of the tree and runs those tests. ``test_table.py`` is one of
the fast tests: it fails as soon as an old text of the table is no longer found exactly once, so whoever
changes such a line changes the table with it.

A new rule of the product deserves a row here: plant the mistake that you would make, not a syntax error.
"""
