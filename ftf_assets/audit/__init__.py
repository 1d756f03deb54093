"""The noise audit: known noise goes into the labels, and what finds it is measured. Pure functions on arrays."""
