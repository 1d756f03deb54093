"""What may travel between assets: table contracts, typed array bundles, errors, and the coercion boundary."""
