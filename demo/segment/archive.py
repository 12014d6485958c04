"""A ZIP of what networks make of photos: masks, cut-outs, their scores, and a README that says what is what."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from demo.catalogue import run_titles
from demo.serving.words import without_folders
from demo.stage.answer import mask_of
from demo.stage.photos import Offered, picture_of, shown_photo
from experiments.cli.spreadsheets import UnixRows, harmless
from experiments.scores import SCORES
from experiments.segmenting.names import file_name, without_doubles
from experiments.segmenting.pictures import class_shares, cut_away, save
from experiments.store.runs import Run
from seg import InputError
from seg.metrics import confusion_per_photo, confusion_scores
from seg.pets import CLASS_COLOURS, CLASS_NAMES, indexed_image

SCORED = ("border_recall", "border_precision", "border_f1", "border_iou", "pixel_accuracy")
_FILES = """Files
  {place}-mask.png
      The class of each pixel, at the photo's own size: an indexed PNG, whose values are the numbers below.
      Masks are as trained: the threshold set on the page does not change them.
  {place}-cutout.png
      The photo where the network sees a pet, transparent elsewhere.
  scores.csv
      A row a photo and run: the share of each class in the mask. Where the photo's label is known, also border
      recall, precision, F1 and IoU, and pixel accuracy, at the photo's own size. All are fractions of 1; a cell is
      empty where there is nothing to tell."""


@dataclass
class Contents:
    """What an archive has come to hold.

    Attributes:
        photos: that have been asked for so far.
        rows: of `scores.csv`.
        left_out: a sentence for each mask that is not in it.
    """

    photos: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def write_archive(
    target: Path, photos: Sequence[Offered], runs: Sequence[Run], *, folders: bool, most_bytes: int
) -> Iterator[Contents]:
    """Write the ZIP file; gives what it holds after each photo, and is whole when there are no more.

    Each picture goes to the file before the next one is made. What cannot be read, and what comes when the file has
    grown to `most_bytes`, is left out, and said to be.

    Args:
        folders: a folder a photo.
    """
    contents = Contents()
    try:
        with zipfile.ZipFile(target, "w") as archive:  # stored: a PNG does not get smaller
            for photo, name in zip(photos, file_names(photos), strict=True):
                for run in runs:
                    if target.stat().st_size >= most_bytes:
                        contents.left_out.append(f"{photo.title}, {run.name}: the file had {most_bytes / 1e6:.0f} MB.")
                    else:
                        _add_mask(archive, photo, run, f"{name}/" if folders else f"{name}-", contents)
                contents.photos += 1
                yield contents
            archive.writestr("scores.csv", _table(contents.rows))
            archive.writestr("README.txt", _readme(photos, runs, contents, folders=folders))
    except BaseException:  # also where nobody asks for the rest any more
        target.unlink(missing_ok=True)
        raise


def _add_mask(archive: zipfile.ZipFile, photo: Offered, run: Run, prefix: str, contents: Contents) -> None:
    """A network's mask of a photo and what it cuts out, or a sentence why there is none."""
    try:
        _, label = shown_photo(photo)
        with mask_of(photo, run) as mask:
            for what, make in MADE.items():
                image = make(photo, mask)
                with archive.open(f"{prefix}{file_name(run.name)}-{what}.png", "w") as file:
                    save(image, file)
            scores = _scores(mask, label)
    except InputError as error:
        contents.left_out.append(f"{photo.title}, {run.name}: {without_folders(str(error))}")
        return
    contents.rows.append({"photo": photo.title, "run": run.name} | scores)


def _cut_out(photo: Offered, mask: np.ndarray) -> Image.Image:
    image = picture_of(photo)
    cut_away(image, mask)
    return image


# The pictures of a photo and its mask (H, W), as their files are named
MADE: dict[str, Callable[[Offered, np.ndarray], Image.Image]] = {
    "mask": lambda _, mask: indexed_image(mask),
    "cutout": _cut_out,
}


def file_names(photos: Sequence[Offered]) -> list[str]:
    """One for each photo, no two alike."""
    return without_doubles([file_name(Path(photo.title).stem) for photo in photos])


def _scores(mask: np.ndarray, label: np.ndarray | None) -> dict[str, str]:
    """Shares of the classes, and scores where the label (H, W) is known: empty where a value has no meaning."""
    values: dict[str, float] = class_shares(mask)
    if label is not None:
        confusion = confusion_per_photo(torch.tensor(mask)[None], torch.tensor(label)[None])[0]
        scores = confusion_scores(confusion)
        values |= {name: scores[name] for name in SCORED}
    return {name: "" if value != value else f"{value:.6f}" for name, value in values.items()}


def _table(rows: Sequence[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(UnixRows(text), ("photo", "run", *CLASS_NAMES, *SCORED), restval="")
    writer.writeheader()
    writer.writerows({name: harmless(cell) for name, cell in row.items()} for row in rows)
    return text.getvalue()


def _readme(photos: Sequence[Offered], runs: Sequence[Run], contents: Contents, *, folders: bool) -> str:
    place = "PHOTO/RUN" if folders else "PHOTO-RUN"
    titles = run_titles(list(runs))
    sees = "sees" if len(runs) == 1 else "see"
    classes = [
        f"  {number}  {name:<10}  {colour}"
        for number, (name, colour) in enumerate(zip(CLASS_NAMES, CLASS_COLOURS, strict=True))
    ]
    parts = [
        [f"What {_counted(runs, 'network')} of Borderline {sees} in {_which(photos)}."],
        [_FILES.format(place=place)],
        ["Class numbers, and the palette's colours", *classes],
        ["Runs", *(f"  {_described(run, titles[run.name])}" for run in runs)],
    ]
    if contents.left_out:
        parts.append(["Left out", *(f"  {sentence}" for sentence in contents.left_out)])
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _which(photos: Sequence[Offered]) -> str:
    return photos[0].title if len(photos) == 1 else _counted(photos, "photo")


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _described(run: Run, title: str) -> str:
    """What a run was trained with, for how long, and to what scores."""
    trained = (
        f"{run.name}: {title}. Loss {run.loss}, seed {run.seed}, {run.epochs_trained} of {run.epochs_planned} epochs."
    )
    scores = [
        f"{SCORES[name].noun} {SCORES[name].text(run.final(name))}" for name in SCORED if run.final(name) is not None
    ]
    if not scores:
        return f"{trained} Its scores are not known."
    photos = "the test photos" if run.photos_scored is None else f"{run.photos_scored:,} test photos"
    return f"{trained} On {photos} after epoch {run.epochs_trained}: {', '.join(scores)}."
