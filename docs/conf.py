"""The documentation site: ``make docs`` builds it from the pages of this repository, strictly."""

from __future__ import annotations

from ftf_assets import __version__

project = "ftf_assets"
release = version = __version__
copyright = "The ftf_assets developers"  # noqa: A001  the name that Sphinx reads

# The pages stay where they are read on a code host: the root of the repository is the source folder.
root_doc = "docs/index"
pages = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "examples/README.md",
]
include_patterns = ["docs/**", *pages]

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "sphinx_copybutton",
]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
smartquotes = False  # --trials stays --trials

autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"ftf_assets {__version__}"
html_theme_options = {"navigation_with_keys": True}
html_static_path = ["style"]
html_css_files = ["site.css"]
html_extra_path = ["front"]  # an index.html that leads to the root document
html_show_sphinx = False
html_copy_source = False
