"""Where values live between runs: IO managers and the results store."""
