"""The work of `experiments.benchmark`: what it times."""
