"""The work of `experiments.run`: one run, from its data to its folder. Begin with `train_run.py`."""
