"""The noise audit: known noise goes into labels, and what finds it is measured. Pure functions on arrays."""
