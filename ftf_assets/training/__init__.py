"""Purged folds, fit engine, metrics and trade simulation: pure functions on arrays."""
