"""What a run's folder has come to hold, told to the tools that a person named.

They are told what is in the run's own files, so that nothing of them is in the training; what one does wrong ends its
curves and never the run. A process that goes on with a run tells all of it anew: an epoch that was done again has one
value, and a tool that is first named then has the whole curve.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from experiments.curves.tools import LOGGERS, Log
from experiments.store.epochs import read_epochs
from experiments.store.probe import mosaic_path
from experiments.store.runs import read_info


class Curves:
    """A run's curves in these tools; one that fails is left out from then on."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        # the last epoch that each knows
        self._told = dict.fromkeys(names, -1)
        self._logs: dict[str, Log] = {}

    def __enter__(self) -> "Curves":
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._logs):
            with self._apart(name):
                log = self._logs.pop(name)
                log.finish()
                print(f"{name} has the curves: `{log.see}`")

    def tell(self) -> None:
        """Tell every tool the epochs that it does not know yet."""
        for name in list(self._told):
            with self._apart(name):
                self._tell(name)

    def _tell(self, name: str) -> None:
        if name not in self._logs:
            self._logs[name] = LOGGERS[name].start(self._folder, read_info(self._folder))
        epochs = read_epochs(self._folder / "epochs.csv").set_index("epoch")
        for number, row in epochs[epochs.index > self._told[name]].iterrows():
            with Image.open(mosaic_path(self._folder, int(number))) as file:
                mosaic = file.convert("RGB")
            scores = {column: float(value) for column, value in row.dropna().items()}
            self._logs[name].epoch(int(number), scores, mosaic)
            self._told[name] = int(number)

    @contextlib.contextmanager
    def _apart(self, name: str) -> Iterator[None]:
        """Whatever a tool does wrong is said, once, and the run goes on without it."""
        try:
            yield
        except Exception as error:
            self._told.pop(name, None)
            dropped = self._logs.pop(name, None)
            if dropped is not None:  # it may hold a process of its own; what it says now is said already
                with contextlib.suppress(Exception):
                    dropped.finish()
            said = " ".join(str(error).split()) or type(error).__name__
            print(f"{name} is left out from here on, and the run goes on: {said}", file=sys.stderr)
