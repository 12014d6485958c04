"""Damaged photos, run folders and requests, drawn from a seed, against every door that they come in by."""
