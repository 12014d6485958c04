"""What a browser tab keeps of its photo."""

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from demo.photo import open_photo
from demo.segment.cards import Answer

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
        """The answers that there are, by run name: without the checkpoints that gave none."""
        return {name: answer for name, answer in self.answers.items() if isinstance(answer, Answer)}

    def take_photo(self, path: str | None) -> None:
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
