"""Names of the data sets that need no file; kept apart so that reading an experiment imports no data code."""

BUNDLED_DATASETS = ("digits",)
