"""Faults on request: what a lab's boards do now and then, as often as a test wants it (docs/virtual_board.md)."""
