"""A run's folder: reading it, writing it, what is in it."""
