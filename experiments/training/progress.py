"""What a person sees while a run trains: a bar for the epoch under way, and a line for each that is done."""

import sys
from contextlib import suppress

from tqdm import tqdm

from experiments.cli.interruption import tell
from experiments.training.data import DeviceData
from seg.options import Options
from seg.thresholds.tuning import EVERY
from seg.training import EpochResult
from seg.training.state import TrainingState


class Progress:
    """One progress bar an epoch, over training and scoring, and one line an epoch.

    A terminal that is gone, or a file that is full, shows nothing and stops nothing.
    """

    def __init__(self, options: Options, state: TrainingState, photos: DeviceData) -> None:
        self.epochs = options.epochs
        self.photos = photos
        fresh = state.epoch == 0 and state.order is None
        self.epoch = 0 if fresh else state.epoch + 1
        self.done = min(state.batch * options.batch_size, len(photos.training))
        self.bar: tqdm | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def advance(self, phase: str, photos: int) -> None:
        """Move the bar on by this many photos of a phase: `training`, `tuning` or `scoring`."""
        if self.bar is None:
            last = self.epoch == self.epochs
            tuned = len(self.photos.training.every(EVERY)) if last else 0
            scored = self.photos.validation if last else self.photos.validation_sample
            total = (len(self.photos.training) if self.epoch else 0) + tuned + len(scored)
            interval = 0.1 if sys.stderr.isatty() else 30
            settings = {"unit": "img", "leave": False, "mininterval": interval, "dynamic_ncols": True}
            with suppress(OSError):
                self.bar = tqdm(total=total, initial=self.done, **settings)
        if self.bar is None:
            return
        with suppress(OSError):
            self.bar.set_description(f"epoch {self.epoch}/{self.epochs} {phase}", refresh=False)
            self.bar.update(photos)

    def finish_epoch(self, result: EpochResult) -> None:
        """Put the epoch's line in the place of its bar."""
        self.close()
        scores = result.evaluation.scores()
        trained = f", {result.images_per_second:.0f} img/s, train loss {result.train_loss:.4f}" if result.epoch else ""
        shown = ("pixel_accuracy", "border_recall", "border_precision", "border_f1")
        accuracy, recall, precision, f1 = ("–" if scores[s] != scores[s] else f"{scores[s]:.2%}" for s in shown)
        tell(
            f"epoch {result.epoch:>2}/{self.epochs}: {result.seconds:.1f} s{trained}, val loss {scores['val_loss']:.4f}"
            f", pixel accuracy {accuracy}, border recall {recall}, precision {precision}, F1 {f1}"
        )
        self.epoch, self.done = result.epoch + 1, 0

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            with suppress(OSError):
                self.bar.close()
            self.bar = None
