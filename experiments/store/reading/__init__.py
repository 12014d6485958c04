"""What a run's folder may hold: files that are read without trust, and what must be true of `run.json`."""
