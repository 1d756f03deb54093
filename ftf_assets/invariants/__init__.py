"""What must hold of stored values, recomputed apart from the code that made them. Pure."""
