"""What starts runs by itself: the gate when a sweep has landed, changed input files, a weekly sweep."""
