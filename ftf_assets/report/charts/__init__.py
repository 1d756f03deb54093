"""The pictures of report and Dagster UI, a module a picture, each an inline SVG with title and description.

Every picture is a pure function of its data and goes through
:func:`~ftf_assets.report.charts.svg.inline_svg`, which gives the same bytes for the same data and makes ids
unique by a name. Lines differ in dashes and markers, areas in hatching, so that nobody needs colour to tell
them apart.
"""
