"""What a run knows of single photos, `images.csv`: confusion counts, scores, and in which precision they were made."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.cli.program import typed
from experiments.scores import Place, appearing, tolerant_f1
from experiments.store.csv_table import BadTable, read_table, write_table
from experiments.store.environment import short_commit
from experiments.store.reading.files import MOST_TABLE_BYTES, read_ordinary
from experiments.store.runs import BadRun, Run
from experiments.store.scored.controls import CONTROL_KINDS
from seg import InputError
from seg.evaluation import Details, Evaluation
from seg.metrics import TOLERANCES
from seg.pets import CLASS_NAMES

CONFUSION_COLUMNS = tuple(f"{true}_as_{predicted}" for true in CLASS_NAMES for predicted in CLASS_NAMES)
# Border pixels with one of the other map so near: true ones found, and predicted ones well placed
MATCH_COLUMNS = tuple(f"border_{what}_{pixels}px" for pixels in TOLERANCES for what in ("found", "placed"))
# A photo's own; of many photos it follows from the counts
F1_COLUMNS = tuple(tolerant_f1(pixels) for pixels in (0, *TOLERANCES))


@dataclass(frozen=True)
class Provenance:
    """How scores were made, in every file of them.

    Attributes:
        precision: of the forward pass, `fp32` or `bf16`.
        commit: of the code, as `run.json` has it; None outside a checkout.
    """

    precision: str
    commit: str | None

    # of every CSV that has them
    COLUMNS = ("precision", "commit")

    @property
    def cells(self) -> tuple[str, str]:
        """Short, for it stands in every row: `fp32, 1a2b3c4+changes`."""
        return self.precision, short_commit(self.commit or "")


IMAGE_COLUMNS = (
    "name",
    *CONFUSION_COLUMNS,
    *(score.name for score in appearing(Place.IMAGES)),
    *MATCH_COLUMNS,
    *F1_COLUMNS,
    *Provenance.COLUMNS,
)


def write_images(folder: Path, names: Sequence[str], evaluation: Evaluation, made: Provenance) -> None:
    """Write `images.csv` of an evaluation with details."""
    details = known_details(evaluation)
    columns: dict[str, Sequence] = {"name": names}
    columns |= dict(zip(CONFUSION_COLUMNS, evaluation.confusions.flatten(1).T.tolist(), strict=True))
    for score in appearing(Place.IMAGES):
        columns[score.name] = getattr(evaluation if hasattr(evaluation, score.name) else details, score.name).tolist()
    columns |= dict(zip(MATCH_COLUMNS, details.border_matches.flatten(1).T.tolist(), strict=True))
    counts = pd.DataFrame({name: columns[name] for name in (*CONFUSION_COLUMNS, *MATCH_COLUMNS)})
    columns |= {tolerant_f1(pixels): f1_within(counts, pixels).tolist() for pixels in (0, *TOLERANCES)}
    columns |= {name: [cell] * len(names) for name, cell in zip(Provenance.COLUMNS, made.cells, strict=True)}
    photos = zip(*(columns[name] for name in IMAGE_COLUMNS), strict=True)
    write_table(folder / "images.csv", IMAGE_COLUMNS, photos)


def known_details(evaluation: Evaluation) -> Details:
    """The evaluation's details.

    Raises:
        ValueError: it has none.
    """
    if evaluation.details is None:
        raise ValueError("an evaluation without details knows too little of single photos")
    return evaluation.details


def f1_within(counts: pd.DataFrame, pixels: int) -> pd.Series:
    """Border F1 with a tolerance of so many pixels, of each row of counts; NaN where they are not known.

    Args:
        counts: by columns of `images.csv`: of photos, or summed over photos.
    """
    true = counts[[f"border_as_{name}" for name in CLASS_NAMES]].sum(axis=1)
    painted = counts[[f"{name}_as_border" for name in CLASS_NAMES]].sum(axis=1)
    found, placed = (
        counts["border_as_border"] if pixels == 0 else counts[f"border_{what}_{pixels}px"]
        for what in ("found", "placed")
    )
    recall, precision = found / true.where(true > 0), placed / painted.where(painted > 0)
    f1 = (2 * recall * precision / (recall + precision)).where(recall + precision > 0, 0.0)
    # with none of one kind, but some of the other, nothing is right; with neither there is no F1
    return f1.where(found.notna() & (true + painted > 0))


def has_details(run: Run) -> bool:
    """Whether it has scores of single photos, be they damaged."""
    return os.path.lexists(run.folder / "images.csv")


def read_images(run: Run, name: str = "images.csv") -> pd.DataFrame:
    """The rows of `images.csv`, by photo name; what the file lacks is NaN.

    Args:
        name: of the file in the run's folder: a control has its own.

    Raises:
        BadRun: it is missing or damaged.
    """
    counted = ("name", *CONFUSION_COLUMNS)
    images = read_whole(
        run,
        name,
        IMAGE_COLUMNS,
        needed=counted,
        whole=(*CONFUSION_COLUMNS, *MATCH_COLUMNS),
        words=("name", *Provenance.COLUMNS),
    )
    twice = images.index[images["name"].duplicated()]
    if len(twice):
        raise BadRun(f"{run.folder / name}, line {twice[0]}: names a photo twice: {how_to_rescore(run, name)}")
    return images.set_index("name")


def same_photos(runs: Sequence[Run], read: Sequence[pd.DataFrame] | None = None) -> list[pd.DataFrame]:
    """Each run's `read_images`, cut to the photos that all of them scored, in one order.

    Args:
        read: them, where they are read already.

    Raises:
        InputError: there is no such photo, the sides differ at which they were scored, or a photo's true classes.
        BadRun: a file is missing or damaged.
    """
    images = [read_images(run) for run in runs] if read is None else read
    common = images[0].index
    for run, table in zip(runs, images, strict=True):
        common = common.intersection(table.index, sort=False)
        if common.empty:
            raise InputError(f"{run.name} and {runs[0].name} were scored on different photos: compare them apart")
    images = [table.loc[common] for table in images]
    truth = [confusions(table).sum(axis=2) for table in images]
    for run, pixels in zip(runs, truth, strict=True):
        sides = [_side(counts) for counts in (pixels, truth[0])]
        if None not in sides and sides[0] != sides[1]:
            raise InputError(
                f"{run.name} and {runs[0].name} were scored at another side ({sides[0]} x {sides[0]}, and {sides[1]} x "
                f"{sides[1]}): compare them apart"
            )
        if not np.array_equal(pixels, truth[0]):
            raise InputError(f"{run.name} and {runs[0].name} were scored on different trimaps: compare them apart")
    return images


def _side(pixels: np.ndarray) -> int | None:
    """Side of the square photos that have so many true pixels of each class (N, 3); None where they are no squares."""
    counts = np.unique(pixels.sum(axis=1))
    side = math.isqrt(int(counts[0]))
    return side if len(counts) == 1 and side * side == counts[0] else None


def read_whole(run: Run, name: str, columns: Sequence[str], **kinds: Sequence[str]) -> pd.DataFrame:
    """`read_table` of a file of the run that must be whole, with at least one row.

    Raises:
        BadRun: it is missing or damaged.
    """
    path = run.folder / name
    try:
        content = read_ordinary(path, MOST_TABLE_BYTES)
        if not content.endswith(b"\n"):  # the last number may have lost digits
            raise not_whole(run, name)
        table = read_table(path, content, columns, **kinds)
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} has no {name}, which a finished run has: {how_to_rescore(run, name)}") from error
    except OSError as error:
        raise BadRun(f"{path} cannot be read ({error.strerror}): {how_to_rescore(run, name)}") from error
    except BadTable as error:
        raise BadRun(f"{error}: {how_to_rescore(run, name)}") from error
    if table.empty:
        raise not_whole(run, name)
    return table


def not_whole(run: Run, name: str) -> BadRun:
    """The error of a file that ends too early, or lacks rows."""
    return BadRun(f"{run.folder / name} is not whole: {how_to_rescore(run, name)}")


def how_to_rescore(run: Run, name: str = "images.csv") -> str:
    """The remedy for details that are damaged, or that lack something, as an error's line ends.

    Args:
        name: of the file in the run's folder: a control's is made as the control is.
    """
    control = CONTROL_KINDS.get(Path(name).parent.name)
    options = ["--details", *(control.options if control else ())]
    return f"score the run again with `{typed('evaluate')} {run.folder} {' '.join(options)}`"


def confusions(images: pd.DataFrame) -> np.ndarray:
    """Confusion counts of each photo of `read_images`: (N, 3, 3)."""
    classes = len(CLASS_NAMES)
    return images[list(CONFUSION_COLUMNS)].to_numpy().reshape(-1, classes, classes)
