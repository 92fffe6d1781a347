"""Generated C to machine code: host library and board image, with GCC. pyelftools is used here only."""
