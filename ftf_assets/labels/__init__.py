"""Labels and what is done to them: triple barrier, smoothing, confident learning, weights. Arrays only."""
