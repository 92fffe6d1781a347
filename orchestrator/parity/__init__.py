"""Does the compiled network compute what the reference interpreter computes? The oracle, and the comparison."""
