"""A compiled network as a C library for somebody's own project: sources, build files, self-test, figures."""

from orchestrator.export.library import Export, export_library
from orchestrator.export.names import LibraryName

__all__ = ["Export", "LibraryName", "export_library"]
