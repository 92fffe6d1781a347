"""Cycles of a Cortex-M4: a table per instruction, blocks counted as they run, flash wait states behind the ART."""
