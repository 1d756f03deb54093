"""From result rows to verdicts: pairs, statistics, the ordered rules. Arrays and plain records only."""
