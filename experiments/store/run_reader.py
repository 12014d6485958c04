"""Runs read again and again while they train: a run is read anew where a file of it has changed, else remembered."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from experiments.store.runs import Run, read_run

Stamp = tuple[int, ...] | None
# On some disks two changes within so much, in nanoseconds, leave the same time
COARSEST_CLOCK = 2_000_000_000


@dataclass(frozen=True)
class RunReader:
    """`reader(folder)` is `read_run(folder)`, without reading files that did not change. Safe between threads.

    A file that changed a moment ago may change again without another time or size: it is read again until it is older.
    """

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
            stamps = tuple(stamp_of(folder / name) for name in ("run.json", "epochs.csv"))
            known = self._known.get(folder)
            if known is not None and known[0] == stamps:
                return known[1]
            self._known.pop(folder, None)
            run = read_run(folder)
            if not any(map(_is_fresh, stamps)):
                self._known[folder] = (stamps, run)
            return run


def stamp_of(path: Path) -> Stamp:
    """What changes when a file does, be it by another of the same size that is older itself; None where there is none.

    Its last two are times, in nanoseconds.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_fresh(stamp: Stamp) -> bool:
    # a file that comes from a clock ahead of this one is not
    return stamp is not None and any(abs(time.time_ns() - changed) < COARSEST_CLOCK for changed in stamp[3:])
