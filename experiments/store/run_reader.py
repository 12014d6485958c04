"""Runs read again and again while they train: a run is read anew where a file of it has changed, else remembered."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from experiments.store.runs import Run, read_run

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class RunReader:
    """`reader(folder)` is `read_run(folder)`, without reading files that did not change. Safe between threads."""

    _known: dict[Path, tuple[tuple[Stamp, ...], Run]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, folder: Path) -> Run:
        """The run as it is now.

        Raises:
            BadRun: the folder holds no run, or `run.json` or `epochs.csv` is damaged.
        """
        folder = Path(folder)
        with self._lock:
            # taken before the files are read: what changes meanwhile is read next time
            stamps = tuple(_stamp(folder / name) for name in ("run.json", "epochs.csv"))
            known = self._known.get(folder)
            if known is not None and known[0] == stamps:
                return known[1]
            run = read_run(folder)
            self._known[folder] = (stamps, run)
            return run


def _stamp(path: Path) -> Stamp:
    """What changes when a file does; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
