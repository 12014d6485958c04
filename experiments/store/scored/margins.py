"""The border's margins of a run, `margins.npz`: `seg.thresholds.margins` says what they are and what follows."""

from __future__ import annotations

import json
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.store.files import replacing
from experiments.store.reading.files import MOST_ARCHIVE_BYTES, open_ordinary
from experiments.store.reading.record import parse_json
from experiments.store.runs import BadRun, Run
from experiments.store.scored.names import MARGINS, RAW_MARGINS
from experiments.store.scored.photo_scores import Provenance, confusions, how_to_rescore, known_details, read_images
from seg.evaluation import Evaluation
from seg.pets import BORDER
from seg.thresholds.margins import BINS, EDGES, KINDS, TRUE_BORDER
from seg.thresholds.tuning import Tuning

SAME_PASS = "the pass that images.csv is of"
# What NumPy, and the modules that it reads archives and headers with, raise where a file is damaged
_UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, SyntaxError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError, IndexError, OverflowError, NotImplementedError),
)
OTHER_PASS = "another pass than that of images.csv: the kept half-precision weights, in float32"


@dataclass(frozen=True)
class Margins:
    """Histograms of margins, by photo, kind and bin.

    Attributes:
        scored: (N, 3, 122) counts of the photos of `images.csv`, in its order.
        tuning: (T, 3, 122) of training photos, on which shifts are chosen.
        source: which pass they are of, in words.
        photos: the names of those scored.
    """

    scored: np.ndarray
    tuning: np.ndarray
    source: str
    photos: pd.Index

    @property
    def other_pass(self) -> bool:
        """Whether they are not of the pass that wrote `images.csv`, so that their argmax may differ by a few pixels."""
        return self.source != SAME_PASS


def write_margins(
    folder: Path,
    names: Sequence[str],
    evaluation: Evaluation,
    tuning_names: Sequence[str],
    tuning: Tuning,
    made: Provenance,
) -> None:
    """Write `margins.npz` of an evaluation with details, whole or not at all."""
    histograms = {"scored": known_details(evaluation).margins.numpy(), "tuning": tuning.margins.numpy()}
    _write(folder, {"scored": names, "tuning": tuning_names}, histograms, SAME_PASS, made)


def _write(
    folder: Path, names: dict[str, Sequence[str]], histograms: dict[str, np.ndarray], source: str, made: Provenance
) -> None:
    arrays: dict[str, Any] = {"edges": EDGES.numpy()}
    for which, counts in histograms.items():
        # the smallest counter that a photo of this side cannot overflow
        arrays[which] = counts.astype(np.min_scalar_type(int(counts.sum(axis=(1, 2)).max(initial=0))))
        arrays[f"{which}_names"] = np.array(names[which], dtype=np.str_)
    about = {"precision": made.precision, "commit": made.cells[1], "source": source}
    with replacing(folder / MARGINS) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)


def read_margins(run: Run, folder: str = ".", images: pd.DataFrame | None = None) -> Margins | None:
    """The margins of the photos of `images.csv`; None where the run has none.

    Args:
        folder: in the run's folder: a control has its own.
        images: `read_images` of it, where they are read already.

    Raises:
        BadRun: the file is damaged, or of other photos than `images.csv`.
    """
    path = run.folder / folder / MARGINS
    if not os.path.lexists(path):
        return None
    remedy = how_to_rescore(run, str(Path(folder, MARGINS)))
    try:
        with _opened(path) as arrays:
            about = parse_json(str(arrays["about"]).encode())
            scored, tuning, names = arrays["scored"], arrays["tuning"], arrays["scored_names"]
            edges, source = arrays["edges"], str(about["source"])
    except _UNREADABLE as error:
        raise BadRun(f"{path} cannot be read ({_why(error)}): {remedy}") from error
    if not (_are_histograms(scored) and _are_histograms(tuning)):
        raise BadRun(f"{path} has other histograms than this version reads: {remedy}")
    if not np.array_equal(edges, EDGES.numpy()) or len(names) != len(scored):
        raise BadRun(f"{path} has other bins than this version reads: {remedy}")
    if images is None:
        images = read_images(run, str(Path(folder, "images.csv")))
    if names.tolist() != images.index.tolist() or not _of_those(scored, images):
        raise BadRun(f"{path} is of other photos than images.csv: {remedy}")
    return Margins(scored, tuning, source, images.index)


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, np.ndarray]]:
    """The arrays of an archive that is an ordinary file and unpacks to no more than so much.

    Raises:
        OSError: it is not.
    """
    with open_ordinary(path, MOST_ARCHIVE_BYTES) as file:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_ARCHIVE_BYTES:
                raise OSError(0, f"it unpacks to more than {MOST_ARCHIVE_BYTES / 1e6:,.0f} MB")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays


def _why(error: Exception) -> str:
    """In one line, and not the whole of a long one."""
    said = error.strerror if isinstance(error, OSError) else None
    text = " ".join((said or str(error)).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."


def _of_those(scored: np.ndarray, images: pd.DataFrame) -> bool:
    """Whether each photo has as many pixels, and as many of its true border, as `images.csv` counts."""
    pixels, counted = scored.sum(axis=-1, dtype=np.int64), confusions(images).sum(axis=-1)
    same_border = np.array_equal(pixels[:, TRUE_BORDER], counted[:, BORDER])
    return same_border and np.array_equal(pixels.sum(axis=1), counted.sum(axis=1))


def _are_histograms(counts: np.ndarray) -> bool:
    return counts.shape[1:] == (KINDS, BINS) and counts.dtype.kind == "u"


def convert_raw_margins(run: Run) -> Path:
    """Make the run's `margins-raw.npz` its `margins.npz`, and say in it that they are of another pass.

    Raises:
        BadRun: there is none, or it is damaged, or of another number of photos than `images.csv`.
    """
    path, images = run.folder / RAW_MARGINS, read_images(run)
    try:
        with _opened(path) as arrays:
            histograms = {"scored": arrays["test"], "tuning": arrays["train"]}
            edges = arrays["edges"]
    except FileNotFoundError as error:
        raise BadRun(f"{run.folder} has no {RAW_MARGINS} to convert") from error
    except _UNREADABLE as error:
        raise BadRun(f"{path} cannot be read ({_why(error)})") from error
    if not all(map(_are_histograms, histograms.values())):
        raise BadRun(f"{path} has other histograms than this version reads")
    if not np.array_equal(edges[1:-1], EDGES.numpy()) or len(histograms["scored"]) != len(images):
        raise BadRun(f"{path} has other bins than this version reads, or other photos than images.csv")
    if not _of_those(histograms["scored"], images):
        raise BadRun(f"{path} is of other photos than images.csv")
    names = {"scored": images.index.tolist(), "tuning": [""] * len(histograms["tuning"])}
    _write(run.folder, names, histograms, OTHER_PASS, Provenance("fp32", run.environment.get("commit")))
    return run.folder / MARGINS
