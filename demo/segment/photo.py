"""One photo at work: reading it, segmenting it, and what a browser tab keeps of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

import seg.photo
from demo.catalogue import segmenter
from demo.segment.cards import Answer
from experiments.store.runs import Run
from seg import InputError
from seg.inference import Prediction
from seg.photo import BadPhoto

# A photo of this many pixels takes 0.9 GB while its probabilities are upsampled
MAX_PIXELS = 50_000_000
# Longest side of the pictures on the page; what is downloaded has the photo's own size
SHOWN_SIDE = 960


@dataclass
class Session:
    """What one browser tab shows: its photo and the checkpoints' answers.

    Attributes:
        turn: counts requests; a request that is no longer the last one stops at its next checkpoint.
        path: the photo's file; None before the first.
        photo: RGB, as seen, at its own size.
        shown: the same, at most `SHOWN_SIDE` long.
        known: answers for this photo by checkpoint file and time of its last change, so that a
            checkpoint that is chosen again needs no second pass.
        answers: those of the chosen checkpoints by run name, or why there is none.
    """

    turn: int = 0
    path: str | None = None
    photo: Image.Image | None = None
    shown: Image.Image | None = None
    known: dict[tuple[Path, int], Answer] = field(default_factory=dict)
    answers: dict[str, Answer | str] = field(default_factory=dict)

    def found(self) -> dict[str, Answer]:
        return {name: answer for name, answer in self.answers.items() if isinstance(answer, Answer)}

    def lay_down(self, path: str | None) -> None:
        """Take another photo, or none.

        Raises:
            InputError: as `open_photo` does; then there is no photo.
        """
        self.path, self.photo, self.shown, self.known, self.answers = None, None, None, {}, {}
        if path is not None:
            self.photo = open_photo(path)
            self.shown = self.photo.copy()
            self.shown.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
            self.path = path


def open_photo(path: str | Path) -> Image.Image:
    """The photo as seen, RGB.

    Raises:
        InputError: not an image, damaged, or larger than the app takes.
    """
    try:
        return seg.photo.open_photo(path, MAX_PIXELS)
    except BadPhoto as error:
        most = f"scale it to at most {MAX_PIXELS // 10**6} megapixels"
        remedy = most if error.too_large else "save it as JPEG or PNG and try again"
        raise InputError(f"{Path(path).name} {error.wrong}: {remedy}") from error


def segment_photo(photo: Image.Image, run: Run) -> tuple[Prediction, float]:
    """The run's prediction for a photo, and the milliseconds of its one pass."""
    network = segmenter(run)
    started = time.perf_counter()
    prediction = network.predict(photo)
    return prediction, 1000 * (time.perf_counter() - started)
