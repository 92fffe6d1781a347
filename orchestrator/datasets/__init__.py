"""Data sets as three splits of numpy arrays. scikit-learn is imported only here."""
