"""Asset checks: the contracts, generated, and what only the domain knows."""
