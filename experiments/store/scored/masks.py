"""A folder of anyone's predicted masks, scored as a run is: of any network, from any framework."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.store.csv_table import write_table
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.runs import FORMAT, MASKS, Run, read_run
from experiments.store.scored.photo_scores import Provenance, write_images
from experiments.store.scored.pixel_sums import write_bands
from seg import InputError
from seg.cache import Split
from seg.evaluation import Details, Evaluation
from seg.labelled.masks import BORDER_WIDTH, read_mask
from seg.labelled.own import file_of, pictures
from seg.labelled.workers import in_threads
from seg.metrics import band_counts, border_matches, boundary_iou, confusion_per_photo
from seg.pets import BadPair, square

# Nobody's: a difference between runs of one seed is of these two alone
NO_SEED = -1
_BATCH = 64


def are_masks(folder: Path) -> bool:
    """Whether a folder holds pictures, and no run."""
    return folder.is_dir() and not (folder / "run.json").exists() and bool(pictures(folder))


def score_masks(
    folder: Path,
    truth: Split,
    options: Mapping[str, Any],
    out: Path,
    *,
    own_photos: bool = False,
    on_mask: Callable[[], object] = lambda: None,
) -> tuple[Run, int]:
    """Score masks against the labels, and write what a run's folder holds of them to `out`, as far as masks tell.

    No probability is known of them: neither a threshold's curve nor calibration follows.

    Args:
        folder: of masks, each called as its photo is, with the values of `seg.labelled.masks.read_mask` and of any
            size: they are resized to the labels', each pixel the nearest one's.
        truth: the photos' labels, (N, S, S).
        options: what `run.json` is to say that they were scored by: `epochs`, `holdout`, `border_width`, by which
            borders are derived where masks hold two values, and `size` where the networks beside them ran at another
            side than the labels'.
        out: a new folder.
        own_photos: whether the photos are a person's own.
        on_mask: called after each.

    Returns:
        The run, and how many photos of the split have no mask.

    Raises:
        InputError: none of the split's photos has a mask.
        BadPair: masks cannot be used; naming the first.
    """
    files = pictures(folder)
    places = [place for place, name in enumerate(truth.names) if name in files]
    if not places:
        raise InputError(f"{folder} has no mask of the {len(truth):,} photos: one is called as its photo is")
    side = truth.masks.shape[-1]
    wrong: list[str] = []

    def read(place: int) -> np.ndarray | None:
        path, doubled = file_of(files, folder, truth.names[place])
        try:
            if doubled:
                raise BadPair(doubled)
            classes = read_mask(path, None, options.get("border_width", BORDER_WIDTH))
        except BadPair as error:
            wrong.append(str(error))
            return None
        return square(classes, side)

    predicted = []
    for mask in in_threads(read, places):
        predicted.append(mask)
        on_mask()
    if wrong:
        raise BadPair(f"{min(wrong)}{f' (and {len(wrong) - 1} more)' if len(wrong) > 1 else ''}")
    evaluation = _evaluation(np.stack([mask for mask in predicted if mask is not None]), truth.masks[places])
    info = {"loss": MASKS, "seed": NO_SEED, "size": side, "masks": str(folder), **options}
    _write(out, [truth.names[place] for place in places], evaluation, info, own_photos)
    return read_run(out), len(truth) - len(places)


def _evaluation(predicted: np.ndarray, truth: np.ndarray) -> Evaluation:
    """What class maps (N, S, S) tell; what only probabilities do is NaN."""
    parts: dict[str, list[torch.Tensor]] = {}
    for start in range(0, len(truth), _BATCH):
        theirs, true = (torch.from_numpy(maps[start : start + _BATCH]).long() for maps in (predicted, truth))
        for name, value in {
            "confusions": confusion_per_photo(theirs, true),
            "boundary": boundary_iou(theirs, true),
            "with_border": boundary_iou(theirs, true, "pet_and_border"),
            "matches": border_matches(theirs, true),
            "bands": band_counts(theirs, true)[None],
        }.items():
            parts.setdefault(name, []).append(value)
    found = {name: torch.cat(values) for name, values in parts.items()}
    unknown = torch.full((len(truth),), math.nan, dtype=torch.float64)
    details = Details(
        boundary_iou_with_border=found["with_border"],
        label_quality=unknown,
        border_matches=found["matches"],
        margins=torch.zeros(0),
        bands=found["bands"].sum(dim=0),
        temperature=math.nan,
        calibration=torch.zeros(0),
    )
    return Evaluation(math.nan, found["confusions"], unknown, unknown, found["boundary"], details)


def _write(out: Path, names: list[str], evaluation: Evaluation, options: dict[str, Any], own_photos: bool) -> None:
    out.mkdir(parents=True)
    made = Provenance("", None)
    write_images(out, names, evaluation, made)
    if evaluation.details is not None:
        write_bands(out, evaluation.details, made)
    scores = evaluation.scores()
    row = [options["epochs"], *(scores.get(column, math.nan) for column in EPOCH_COLUMNS[1:])]
    write_table(out / "epochs.csv", EPOCH_COLUMNS, [row])
    info = {"format": FORMAT, "options": options, "status": MASKS, "own_photos": own_photos}
    info |= {"validation_photos": len(names), "validation_sample_photos": len(names)}
    (out / "run.json").write_text(json.dumps(info), encoding="utf-8")
