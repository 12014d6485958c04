"""Runs compared: which belong together, how sure a difference is, what it means."""
