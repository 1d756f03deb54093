"""The report: one self-contained HTML file a sweep. A pure function of what the home holds, drawn lazily."""
