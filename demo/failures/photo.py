"""What the page asks of single photos: small pictures, one photo with its figures, a network's answer for it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from PIL import ImageOps

from demo.analysis import cached_images
from demo.catalogue import Catalogue, last_change
from demo.images import data_uri
from demo.labelled import Labelled
from demo.photo import small_photo
from demo.serving.words import without_folders
from demo.stage.answer import answer
from demo.stage.photos import labelled_photos, offered_photo, shown_photo
from experiments.store.runs import BadRun, Run
from experiments.store.scored.photo_scores import confusions, has_details
from seg import InputError
from seg.metrics import scores_from_counts
from seg.pets import BACKGROUND, BORDER, PET

# Of the gallery's pictures, in pixels, for screens of two to one; and how many the page may ask for at once
THUMB_SIDE, MOST_THUMBS = 288, 60
NOT_HERE = "The photos are not on this machine; their scores are."


def small_pictures(dataset: Labelled, names: Sequence[object]) -> dict[str, str | None]:
    """The photos of these names, at most MOST_THUMBS, as small squares; None for one that is not there."""
    asked = list(map(str, names[:MOST_THUMBS]))
    found: dict[str, str | None] = dict.fromkeys(asked)
    for name, photo in zip(asked, labelled_photos(asked, dataset), strict=True):
        if photo is not None:
            with suppress(InputError):  # as one that is not there
                found[name] = _thumb(photo.path, last_change(photo.path))
    return found


@lru_cache(maxsize=1024)  # about 10 kB each
def _thumb(path: Path, changed: int | None) -> str:
    photo = small_photo(path, THUMB_SIDE)
    side = min(THUMB_SIDE, *photo.size)
    return data_uri(ImageOps.fit(photo, (side, side)), "JPEG", quality=78)


def photo_value(catalogue: Catalogue, dataset: Labelled, name: str, names: Sequence[str]) -> dict:
    """A photo as the stage shows it, and what the runs of these names were scored on it.

    Returns:
        `photo`, None where it cannot be shown; `said`, a sentence on what is missing, or empty; `figures`, by run:
        `f1`, `found`, `right` (of the border), `missed`, `false`, `swapped` (of the photo's pixels), fractions or None.
    """
    figures = {run.name: _figures(run, name) for run in catalogue.chosen(names) if has_details(run)}
    looked = {"photo": None, "said": "", "figures": {run: found for run, found in figures.items() if found}}
    if not dataset.are_here:
        return looked | {"said": NOT_HERE}
    try:
        photo = offered_photo(name, dataset)
        shown, _ = shown_photo(photo)
    except InputError as error:
        return looked | {"said": without_folders(str(error))}
    return looked | {"photo": asdict(shown), "said": "" if shown.truth else _without_label(dataset, name)}


def _without_label(dataset: Labelled, name: str) -> str:
    """Why the photo is shown without its label."""
    pair = dataset.pair(name)
    try:
        if pair is not None:
            pair.read_label()
    except InputError as error:
        return without_folders(str(error))
    return ""


def _figures(run: Run, name: str) -> dict[str, float | None] | None:
    try:
        images = cached_images(run)
    except BadRun:  # what ranks the photos says what is wrong with it
        return None
    if name not in images.index:
        return None
    counts = confusions(images.loc[[name]])[0]
    scores = scores_from_counts(counts, ["border_f1", "border_recall", "border_precision"])
    pixels = counts.sum()
    shares = {
        "missed": counts[BORDER, PET] + counts[BORDER, BACKGROUND],
        "false": counts[PET, BORDER] + counts[BACKGROUND, BORDER],
        "swapped": counts[PET, BACKGROUND] + counts[BACKGROUND, PET],
    }
    figures = {
        "f1": scores["border_f1"],
        "found": scores["border_recall"],
        "right": scores["border_precision"],
        **{kind: count / pixels for kind, count in shares.items()},
    }
    return {kind: float(value) if value == value else None for kind, value in figures.items()}


def answer_value(catalogue: Catalogue, dataset: Labelled, name: str, run_name: str) -> dict:
    """What the stage's modules read of one network's answer for one photo; or `error`, a sentence why there is none."""
    run = next(iter(catalogue.chosen([run_name])), None)
    if run is None:
        return {"error": "This run is not here any more."}
    if run.checkpoint is None:
        return {"error": "Its weights are not here, only its scores."}
    try:
        return answer(offered_photo(name, dataset), run).as_value()
    except InputError as error:
        return {"error": catalogue.for_visitors(str(error))}
