"""The durable record of a sweep, in the sweep's own directory."""
