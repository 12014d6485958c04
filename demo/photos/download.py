"""The one download of the dataset for all who look at the page, in a thread of its own."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from experiments.fetching.dataset import Progress, fetch_dataset
from experiments.fetching.download import Cancelled, Damaged
from seg import InputError
from seg.labelled.pairs import are_here

# Seconds before the app tries again by itself; the last again and again
PAUSES = (10, 30, 60, 120, 300)
# What arrives damaged so many times is so where it comes from: it is not sent for again
MOST_DAMAGED = 2


class Stage(Enum):
    """Where the photos are, or how far on their way."""

    HERE = "here"
    MISSING = "missing"
    WORKING = "working"
    STOPPING = "stopping"  # until the thread has seen it
    STOPPED = "stopped"
    FAILED = "failed"
    WAITING = "waiting"  # failed, and soon tried again


@dataclass(frozen=True)
class Standing:
    """What is known of the photos now.

    Attributes:
        downloaded: the last that is known of the bytes on their way.
        progress: what is done now, while something is.
        error: why it failed; None where the app itself is at fault, and its terminal says how.
    """

    stage: Stage
    downloaded: Progress | None = None
    progress: Progress | None = None
    error: InputError | None = None


class PhotoDownload:
    """A download of the dataset into its folder that anybody may start, stop and look at, and that goes on unseen."""

    def __init__(self, dataset: Path, pause: Callable[[float], object] | None = None) -> None:
        """
        Args:
            dataset: folder that is to hold `oxford-iiit-pet/`.
            pause: lets so many seconds pass before what has failed is tried again by itself; None where it is not.
        """
        self.dataset = dataset
        self._pause = pause
        self._lock = threading.Lock()
        self._standing = Standing(Stage.MISSING)
        self._cancelled = threading.Event()

    def standing(self) -> Standing:
        """How it stands; the folder counts, whoever has filled it."""
        with self._lock:
            if self._at_work():
                return self._standing
            # what is there may also have gone since
            if are_here(self.dataset):
                return Standing(Stage.HERE)
            return Standing(Stage.MISSING) if self._standing.stage is Stage.HERE else self._standing

    def start(self) -> None:
        """Begin, or go on where an earlier one was stopped; nothing where one is at work or the photos are here."""
        with self._lock:
            if self._at_work() or self._standing.stage is Stage.WAITING or are_here(self.dataset):
                return
            self._cancelled = threading.Event()
            self._begin()
        # ends with the app: what has arrived is kept
        threading.Thread(target=self._work, args=(self._cancelled,), name="photos", daemon=True).start()

    def stop(self) -> None:
        """Ask the one at work to stop; what has arrived is kept."""
        with self._lock:
            if self._standing.stage is Stage.WORKING:
                self._cancelled.set()
                self._standing = replace(self._standing, stage=Stage.STOPPING)

    def _at_work(self) -> bool:
        return self._standing.stage in (Stage.WORKING, Stage.STOPPING)

    def _begin(self) -> None:
        self._standing = Standing(Stage.WORKING, self._standing.downloaded)

    def _work(self, cancelled: threading.Event) -> None:
        """Fetch, and once more after each pause, until there is no reason to."""
        damaged = 0
        for seconds in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            ended = Standing(Stage.FAILED)
            try:
                ended = self._fetch(cancelled)
                damaged += isinstance(ended.error, Damaged)
                if ended.error is not None and self._pause is not None and damaged < MOST_DAMAGED:
                    ended = replace(ended, stage=Stage.WAITING)
            finally:
                with self._lock:
                    self._standing = ended
            if self._pause is None or ended.stage is not Stage.WAITING:
                return
            self._pause(seconds)
            with self._lock:
                self._begin()

    def _fetch(self, cancelled: threading.Event) -> Standing:
        """Fetch once: how it stands at the end."""
        try:
            fetch_dataset(self.dataset, progress=self._note, cancelled=cancelled)
        except Cancelled:
            return Standing(Stage.STOPPED, self._standing.downloaded)
        except Damaged as error:  # what had arrived was deleted
            return Standing(Stage.FAILED, error=error)
        except InputError as error:
            return Standing(Stage.FAILED, self._standing.downloaded, error=error)
        return Standing(Stage.HERE)

    def _note(self, progress: Progress) -> None:
        with self._lock:
            downloaded = progress if progress.doing == "downloading" else self._standing.downloaded
            self._standing = replace(self._standing, downloaded=downloaded, progress=progress)
