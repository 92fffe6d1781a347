"""Registers of the chip's peripherals, one peripheral per file."""
