"""What is measured beside the runs, and kept as a CSV: a module a measurement. Nothing here imports torch.

Each module has `measure`, which takes the dataset's folder and what its entry says, and returns a table of the entry's
columns.
"""

from dataclasses import dataclass
from pathlib import Path

MEASURED = Path(__file__).parents[1] / "measured"
# of the photos measured, in pixels
SIDE = 128
# Some trimaps of the dataset are wrong as they are: errors are planted among none of so many of the most suspicious
SUSPICIOUS = 100
# how a forward pass was made, as `experiments.store.scored.photo_scores.Provenance` has it
_MADE = ("precision", "commit")


@dataclass(frozen=True)
class Measurement:
    """An entry.

    Attributes:
        module: of the function `measure`, imported when it is needed.
        meaning: what is measured, in a line.
        columns: of its CSV.
        words: those of them that hold text.
        takes: what `measure` takes beside the dataset: `networks`, and `full_res`, a folder of photos.
    """

    module: str
    meaning: str
    columns: tuple[str, ...]
    words: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers."""
        return tuple(name for name in self.columns if name not in self.words)


MEASUREMENTS = {
    "border-scale": Measurement(
        "experiments.measurements.border_scale",
        "what border F1 the true border itself gets when it is moved by 1, 2 and 3 pixels",
        columns=("moved", "border_f1_0px", "border_f1_1px", "border_f1_2px", "photos"),
    ),
    "outline-width": Measurement(
        "experiments.measurements.outline_width",
        "how wide the true border is",
        columns=("length", "median", "lower_quartile", "upper_quartile", "photos"),
        words=("length",),
    ),
    "planted-labels": Measurement(
        "experiments.measurements.planted_labels",
        "how well the ranking of suspicious labels finds errors that were planted in trimaps",
        columns=("draw", "method", "average_precision", "planted", "photos", "runs", *_MADE),
        words=("method", *_MADE),
        takes=("networks",),
    ),
    "full-size": Measurement(
        "experiments.measurements.full_size",
        "what scores change where photos are read from their full size, not from copies of 128 x 128",
        columns=(
            "run",
            *(f"{score}{of}" for score in ("pixel_accuracy", "border_f1") for of in ("", "_full_size", "_difference")),
            "photos",
            *_MADE,
        ),
        words=("run", *_MADE),
        takes=("networks", "full_res"),
    ),
}


def measured_path(name: str, folder: Path = MEASURED) -> Path:
    """Where a measurement's CSV is kept."""
    return folder / f"{name}.csv"
