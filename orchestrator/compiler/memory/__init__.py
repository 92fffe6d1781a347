"""Which order the layers run in, and where in the arena each tensor lies."""
