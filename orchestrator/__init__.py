"""mcutune: architecture search for microcontrollers, constrained by what boards really measure."""

__version__ = "0.1.0"
