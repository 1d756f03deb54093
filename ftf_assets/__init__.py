"""Does treating the label noise help, and may we act on it? A Dagster asset graph with numbers to it."""

__version__ = "0.1.0"
