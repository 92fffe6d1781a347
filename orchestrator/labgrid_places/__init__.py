"""Boards of a labgrid lab: places of its coordinator as units."""
