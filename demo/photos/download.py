"""The one download of the dataset for all who look at the page, in a thread of its own."""

import threading
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from experiments.fetching.dataset import Progress, fetch_dataset
from experiments.fetching.download import Cancelled
from seg import InputError
from seg.pets import has_photos


class Stage(Enum):
    """Where the photos are, or how far on their way."""

    HERE = "here"
    MISSING = "missing"
    WORKING = "working"
    STOPPING = "stopping"  # until the thread has seen it
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Standing:
    """What is known of the photos now.

    Attributes:
        downloaded: the last that is known of the bytes on their way.
        progress: what is done now, while something is.
        error: why it failed.
    """

    stage: Stage
    downloaded: Progress | None = None
    progress: Progress | None = None
    error: str = ""


class PhotoDownload:
    """A download of the dataset into its folder that anybody may start, stop and look at, and that goes on unseen."""

    def __init__(self, dataset: Path) -> None:
        """
        Args:
            dataset: folder that is to hold `oxford-iiit-pet/`.
        """
        self.dataset = dataset
        self._lock = threading.Lock()
        self._standing = Standing(Stage.MISSING)
        self._cancelled = threading.Event()

    def standing(self) -> Standing:
        """How it stands; the folder counts, whoever has filled it."""
        with self._lock:
            if self._at_work():
                return self._standing
            # what is there may also have gone since
            if has_photos(self.dataset):
                return Standing(Stage.HERE)
            return Standing(Stage.MISSING) if self._standing.stage is Stage.HERE else self._standing

    def start(self) -> None:
        """Begin, or go on where an earlier one was stopped; nothing where one is at work or the photos are here."""
        with self._lock:
            if self._at_work() or has_photos(self.dataset):
                return
            self._cancelled = threading.Event()
            self._standing = replace(self._standing, stage=Stage.WORKING, progress=None, error="")
        # ends with the app: what has arrived is kept
        threading.Thread(target=self._fetch, args=(self._cancelled,), name="photos", daemon=True).start()

    def stop(self) -> None:
        """Ask the one at work to stop; what has arrived is kept."""
        with self._lock:
            if self._standing.stage is Stage.WORKING:
                self._cancelled.set()
                self._standing = replace(self._standing, stage=Stage.STOPPING)

    def _at_work(self) -> bool:
        return self._standing.stage in (Stage.WORKING, Stage.STOPPING)

    def _fetch(self, cancelled: threading.Event) -> None:
        ended, error = Stage.FAILED, "The app itself failed: its terminal says how"
        try:
            fetch_dataset(self.dataset, progress=self._note, cancelled=cancelled)
            ended, error = Stage.HERE, ""
        except Cancelled:
            ended, error = Stage.STOPPED, ""
        except InputError as failure:
            error = str(failure)
        finally:
            with self._lock:
                self._standing = replace(self._standing, stage=ended, progress=None, error=error)

    def _note(self, progress: Progress) -> None:
        with self._lock:
            downloaded = progress if progress.doing == "downloading" else self._standing.downloaded
            self._standing = replace(self._standing, downloaded=downloaded, progress=progress)
