"""The sections of the report, a module a section: the words and table cells that its template shows.

Functions here return texts and plain records, no HTML: the templates lay them out and escape them.
"""
