"""A run's curves in the tools that a person keeps them in. Begin with `tools.py`."""
