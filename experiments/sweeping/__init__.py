"""The work of `experiments.sweep`: what is left of a grid, where each run has its place, its process."""
