"""YAML in, frozen records out: the only place that reads configuration files."""
