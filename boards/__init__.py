"""Board types and the C that runs on them: one folder with a `board.yaml` per type, plus firmware and runtime."""
