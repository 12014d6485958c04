"""What agents are answered: short enough to be read whole, as JSON has it, fractions rounded."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from PIL import Image

from demo.agents.photo import kept
from demo.api import compare_api, mask_file, mask_report, run_with_checkpoint, runs_api
from demo.catalogue import Catalogue
from demo.checkpoints import segment_photo
from demo.images import picture_in
from demo.photo import MASKS, room_for
from demo.selection.first import first_runs
from demo.stage.component import ShownPhoto
from demo.stage.photos import shown_photo
from experiments.comparison.photos import HOW_SUSPECTED, hardest, left_out, suspects
from experiments.comparison.selection import select_runs
from experiments.reporting.content import json_rows
from experiments.reporting.measured import measured_sentence
from experiments.reporting.output import SCORE_IT, without_empty_breeds
from experiments.scores import Place, appearing
from experiments.segmenting.pictures import overlay
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.runs import Run
from experiments.store.scored.damage import of_whole
from experiments.store.scored.photo_scores import has_details
from seg import InputError

# At most so much is answered at once
MOST_RUNS, MOST_PHOTOS, MOST_EPOCHS, OVERLAY_SIDE = 100, 100, 100, 1024
_DIGITS = 4
# What `compare_runs` keeps of the comparison: curves, calibration and controls are ten times as long
_COMPARED = ("runs", "apart", "left_out", "answer", "compared_with", "footing", "photos", "seeds_counted")
RANKED_BY = tuple(score.name for score in appearing(Place.PHOTOS))
_SCORES = tuple(score.name for score in appearing(Place.API))

Given = TypeVar("Given")


def segmented(catalogue: Catalogue, content: bytes, name: str, run: str) -> tuple[bytes, str, dict]:
    """Segment the photo in a file of this content and name.

    Args:
        run: the run whose checkpoint does it; where empty, the first that the page shows.

    Returns:
        The photo under the predicted classes, a JPEG of at most OVERLAY_SIDE pixels a side; the mask's file, an
        indexed PNG of the photo's own size, where the app serves it; and the report of `/segment`.

    Raises:
        InputError: there is no such checkpoint, or the photo cannot be read.
    """
    chosen = run_with_checkpoint(catalogue, run or _first_checkpoint(catalogue))
    with kept(content) as photo:
        prediction, milliseconds = segment_photo(photo, chosen)
        shown, _ = shown_photo(photo)
        with room_for(photo.path, times=MASKS):
            mask = prediction.mask()
            return _overlay(shown, mask), mask_file(mask, name, chosen), mask_report(mask, chosen, milliseconds)


def _first_checkpoint(catalogue: Catalogue) -> str:
    names = [run.name for run in catalogue.with_checkpoint()]
    if not names:
        raise InputError("no run here has a checkpoint yet: train one, and it appears")
    return next((name for name in first_runs(catalogue.runs()) if name in names), names[0])


def _overlay(photo: ShownPhoto, mask: np.ndarray) -> bytes:
    """The photo with pet and border in their colours, small enough to be looked at."""
    picture = picture_in(photo.uri)
    picture.thumbnail((OVERLAY_SIDE, OVERLAY_SIDE))
    classes = np.asarray(Image.fromarray(mask).resize(picture.size, Image.Resampling.NEAREST))
    file = io.BytesIO()
    overlay(picture, classes).save(file, "JPEG", quality=85)
    return file.getvalue()


def listed_runs(catalogue: Catalogue) -> dict:
    """The runs of `/runs`, the first MOST_RUNS, and how many there are."""
    runs = runs_api(catalogue)
    return {"of": len(runs), "runs": rounded(runs[:MOST_RUNS])}


def compared(catalogue: Catalogue, names: Sequence[str]) -> dict:
    """What `/compare` says of the scores that the app lists, as trained and with the threshold tuned.

    Raises:
        InputError: there is no such run, or these cannot be compared.
    """
    content = compare_api(catalogue, names)
    kept = {key: content[key] for key in _COMPARED}
    kept["scores"] = [row for row in content["scores"] if row["score"] in (*_SCORES, "average_precision")]
    for key in ("operating", "acts_like"):
        kept[key] = {name: _main_scores(point) for name, point in content[key].items()}
    return rounded(kept)


def _main_scores(content: dict) -> dict:
    """Of scores by name, or of points that hold these, those that the app lists."""
    all_scores = set(EPOCH_COLUMNS) | {score.name for score in appearing(Place.OUTLINE)}
    kept = {name: value for name, value in content.items() if name in _SCORES or name not in all_scores}
    return {name: _main_scores(value) if isinstance(value, dict) else value for name, value in kept.items()}


def hardest_photos(catalogue: Catalogue, names: Sequence[str], by: str, top: int) -> dict:
    """The photos that the runs find hardest by a score, the worst first.

    Raises:
        InputError: there is no such run or score, or no run has scores of single photos.
    """
    if by not in RANKED_BY:
        raise InputError(f"photos are not ranked by {by}: choose from {', '.join(RANKED_BY)}")
    (runs, (photos, broken)), damaged = _of_whole(catalogue, names, lambda runs: hardest(runs, by))
    said = [left_out(broken, "`suspects`"), *damaged]
    return _ranking(runs, photos, top) | {"by": by, "left_out": " ".join(filter(None, said))}


def suspect_photos(catalogue: Catalogue, names: Sequence[str], top: int) -> dict:
    """The photos whose label is probably wrong, the most probable first, and why.

    Raises:
        InputError: there is no such run, none has scores of single photos, or they were scored on different photos.
    """
    (runs, photos), damaged = _of_whole(catalogue, names, suspects)
    how = f"{HOW_SUSPECTED} {measured_sentence('planted-labels')}".strip()
    return _ranking(runs, photos, top) | {"how": how, "left_out": " ".join(damaged)}


def _of_whole(
    catalogue: Catalogue, names: Sequence[str], rank: Callable[[list[Run]], Given]
) -> tuple[tuple[list[Run], Given], list[str]]:
    """The runs that are ranked by and what they rank; and a sentence on each that is left out because it is damaged."""
    ranked, damaged = of_whole(_detailed(catalogue, names), lambda runs: (runs, rank(runs)))
    return ranked, [f"Left out: {catalogue.for_visitors(str(error))}." for error in damaged]


def _ranking(runs: Sequence[Run], photos: pd.DataFrame, top: int) -> dict:
    shown = without_empty_breeds(photos).head(top).rename_axis("photo").reset_index()
    return rounded({"runs": [run.name for run in runs], "of": len(photos), "photos": json_rows(shown)})


def _detailed(catalogue: Catalogue, names: Sequence[str]) -> list[Run]:
    """The runs that a ranking of photos is of: those named, or those most of which are alike."""
    there = {run.name: run for run in catalogue.scored()}
    runs = [_named(there, name) for name in dict.fromkeys(names)] or list(there.values())
    detailed = [run for run in select_runs(runs, named=bool(names)).chosen if has_details(run)]
    if not detailed:
        raise InputError(f"no run has scores of single photos. {SCORE_IT}.")
    return detailed


def _named(there: dict[str, Run], name: str) -> Run:
    if name not in there:
        raise InputError(f"no run {name}: choose from {', '.join(there) or 'none, there are no scores yet'}")
    return there[name]


def epochs_of(catalogue: Catalogue, name: str, scores: Sequence[str]) -> dict:
    """A run's scores by epoch, a list each; of more than MOST_EPOCHS epochs so many, evenly spaced, and the last.

    Args:
        scores: columns of its `epochs.csv`; where empty, the losses and what the app lists of a run.

    Raises:
        InputError: there is no such run, or it has no such score.
    """
    run = _named({run.name: run for run in catalogue.scored()}, name)
    unknown = [score for score in scores if score not in run.epochs]
    if unknown:
        raise InputError(f"no score {', '.join(unknown)} of {name}: choose from {', '.join(run.epochs)}")
    columns = list(dict.fromkeys(["epoch", *(scores or ("train_loss", "val_loss", *_SCORES))]))
    kept = np.unique(np.linspace(0, len(run.epochs) - 1, MOST_EPOCHS).round().astype(int))
    rows = json_rows(run.epochs.iloc[kept][columns])
    trained = {"run": name, "status": run.status, "epochs_trained": run.epochs_trained}
    return rounded(trained | {column: [row[column] for row in rows] for column in columns})


def rounded(content: Any) -> Any:
    """The content, every fraction in it rounded to what is worth reading: _DIGITS of them, however small it is."""
    return json.loads(json.dumps(content, allow_nan=False), parse_float=lambda text: _rounded(float(text)))


def _rounded(number: float) -> float:
    return number if number.is_integer() else float(f"{number:.{_DIGITS}g}")
