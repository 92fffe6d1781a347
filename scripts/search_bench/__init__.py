"""What `bench_search.py` compares, on what, and how."""
