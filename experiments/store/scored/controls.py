"""The controls of a run: its own weights, scored another way. Nothing here imports torch."""

from dataclasses import dataclass
from pathlib import Path

CONTROLS = "controls"


@dataclass(frozen=True)
class Control:
    """The same weights, scored another way. Options of `experiments.evaluate` ask for it.

    Attributes:
        meaning: what is done, after the run's name in a list of all of them.
        in_full: the same where it stands alone.
        flip: each prediction is averaged with the mirrored photo's.
        renorm: BatchNorm's statistics are re-estimated on whole training photos.
    """

    meaning: str
    in_full: str
    flip: bool
    renorm: bool

    @property
    def options(self) -> list[str]:
        """What asks `experiments.evaluate` for it."""
        return [f"--{name}" for name, asked in (("flip", self.flip), ("renorm", self.renorm)) if asked]


_MIRRORED, _RENORMED = "averaged with the mirrored photo's prediction", "with BatchNorm re-estimated on training photos"
CONTROL_KINDS = {
    "mirrored": Control(_MIRRORED, _MIRRORED, flip=True, renorm=False),
    "renormed": Control(_RENORMED, _RENORMED, flip=False, renorm=True),
    "mirrored-renormed": Control("with both", f"{_MIRRORED} and {_RENORMED}", flip=True, renorm=True),
}


def control_folder(folder: Path, control: str) -> Path:
    """Where a run keeps what is known of a control."""
    return folder / CONTROLS / control
