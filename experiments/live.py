"""Runs read again and again while they train: only what changed, and of a growing `epochs.csv` only the new rows."""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from experiments.runs import EPOCH_COLUMNS, BadRun, Run, parse_epochs, read_info

HEADER = (",".join(EPOCH_COLUMNS) + "\n").encode()


@dataclass(frozen=True)
class _Known:
    """A run as it was read last: the stamp of its `run.json`, and the file and the bytes read of its `epochs.csv`."""

    run: Run
    info_stamp: tuple[int, int]
    epochs_file: int
    epochs_read: int


@dataclass(frozen=True)
class RunReader:
    """`reader(folder)` is `read_run(folder)`, without reading twice what it has read. Safe between threads."""

    _known: dict[Path, _Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, folder: Path) -> Run:
        """The run as it is now.

        Raises:
            BadRun: the folder holds no run, or `run.json` or `epochs.csv` is damaged.
        """
        folder = Path(folder)
        with self._lock:
            known = self._known.get(folder)
            try:
                stat = (folder / "run.json").stat()
            except OSError as error:
                raise BadRun(f"{folder} is not a run (it has no run.json): give the folder of a run") from error
            stamp = (stat.st_ino, stat.st_mtime_ns)
            info = known.run.info if known and known.info_stamp == stamp else read_info(folder)
            # a run begun anew in this folder may have got the old file's number, but not its start
            same = known if known and known.run.info.get("started") == info.get("started") else None
            epochs, file, read = self._epochs(folder, same)
            run = Run(folder.resolve().name, folder, info, epochs)
            self._known[folder] = _Known(run, stamp, file, read)
            return run

    def _epochs(self, folder: Path, known: _Known | None) -> tuple[pd.DataFrame, int, int]:
        """All rows, the file they are in, and how many of its bytes they take."""
        try:
            with open(folder / "epochs.csv", "rb") as file:
                number = os.fstat(file.fileno()).st_ino
                # a resumed run replaces the file by a shorter one
                if known is not None and known.epochs_file == number and known.epochs_read > len(HEADER):
                    size = file.seek(0, 2)
                    if size >= known.epochs_read:
                        file.seek(known.epochs_read)
                        added = file.read()
                        whole = added.rfind(b"\n") + 1
                        if not whole:
                            return known.run.epochs, number, known.epochs_read
                        rows = parse_epochs(folder, HEADER + added)
                        epochs = pd.concat([known.run.epochs, rows], ignore_index=True)
                        return epochs, number, known.epochs_read + whole
                    file.seek(0)
                text = file.read()
        except FileNotFoundError:
            return parse_epochs(folder, b""), 0, 0
        except OSError as error:
            raise BadRun(f"{folder / 'epochs.csv'} cannot be read ({error.strerror})") from error
        return parse_epochs(folder, text), number, text.rfind(b"\n") + 1
