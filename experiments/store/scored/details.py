"""All that is known after the last epoch beside its scores, and of the same weights scored another way."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.store.scored.controls import control_folder
from experiments.store.scored.margins import write_margins
from experiments.store.scored.photo_scores import Provenance, known_details, write_images
from experiments.store.scored.pixel_sums import write_bands, write_calibration
from seg.evaluation import Evaluation
from seg.thresholds.tuning import Tuning


@dataclass(frozen=True)
class Scored:
    """What a pass over all photos found, and how.

    Attributes:
        names: of the photos scored, in the evaluation's order.
        tuning_names: of the training photos that `tuning` is of; without it there are no files to write.
    """

    names: Sequence[str]
    evaluation: Evaluation
    tuning_names: Sequence[str]
    tuning: Tuning | None
    made: Provenance


def write_details(folder: Path, scored: Scored) -> None:
    """Write `images.csv`, `bands.csv`, `calibration.csv` and `margins.npz` of the last epoch.

    Raises:
        ValueError: the evaluation has no details.
    """
    write_images(folder, scored.names, scored.evaluation, scored.made)
    details = known_details(scored.evaluation)
    write_bands(folder, details, scored.made)
    write_calibration(folder, details, scored.made)
    _write_margins(folder, scored)


def write_control(folder: Path, control: str, scored: Scored) -> Path:
    """Write `images.csv` and `margins.npz` of the run's weights scored another way; the folder they are in."""
    inside = control_folder(folder, control)
    inside.mkdir(parents=True, exist_ok=True)
    write_images(inside, scored.names, scored.evaluation, scored.made)
    _write_margins(inside, scored)
    return inside


def _write_margins(folder: Path, scored: Scored) -> None:
    if scored.tuning is None:
        raise ValueError("without the training photos' margins nothing says where the threshold belongs")
    write_margins(folder, scored.names, scored.evaluation, scored.tuning_names, scored.tuning, scored.made)
