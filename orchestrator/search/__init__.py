"""Search algorithms as HyperOpt `suggest` functions. hyperopt is imported only here (and by search spaces)."""
