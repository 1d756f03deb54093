"""The report of a sweep: one self-contained HTML file; and the same pictures in the Dagster UI.

* ``collect``: read what is shown from a home, or take it from the values of a run (types in ``data``)
* ``charts/``: a module a picture, all drawn through ``charts/svg``
* ``sections/``: a module a section, with the words and tables that it shows
* ``templates/``: ``page.html.j2``, a template a section, and the style sheet
* ``tables``: a table as values: what each cell shows, and the same at full precision as CSV
* ``page``: all of it as one HTML text; ``file``: the text as a file
* ``pictures_in_dagster_ui``: which pictures each asset shows
* ``notebook``: an answer and a report as values that a notebook shows
* ``page_check``, ``code_stamp``: whether a written report shows the decision and is drawn by the current code

A new section: a module in ``sections/`` or a picture in ``charts/``, its values in ``page``, its template. A
table is a ``Table`` that the macro of ``table.html.j2`` shows. Colours are variables of ``style.css`` and of
``charts/palette``, light and dark.
For the Dagster UI, add the picture to ``pictures_in_dagster_ui`` and to the asset's metadata.

Keep the page free of scripts (the choice of colours is CSS, a CSV is a link that holds it) and of anything
from the network, escape every text (the templates do), and draw the same bytes from the same data: tests
compare. matplotlib is imported inside functions, because it takes a second.
"""
