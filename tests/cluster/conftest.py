"""The command line, as the end-to-end tests run it."""

from tests.end_to_end.conftest import mcutune

__all__ = ["mcutune"]
