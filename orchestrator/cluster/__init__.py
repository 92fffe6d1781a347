"""Who carries out the stages: Ray tasks, trainer actors, the board pool. ray is imported only here."""
