"""What programs can ask the running app: `/segment`, `/runs` and `/compare`, with no place on the page."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

import gradio as gr
import numpy as np

from demo.analysis import cached_analysis
from demo.catalogue import Catalogue
from demo.checkpoints import segment_photo
from demo.photo import MASKS, room_for
from demo.serving.folder import new_folder
from demo.serving.words import in_short
from demo.stage.photos import Offered
from experiments.comparison.analysis import Analysis
from experiments.comparison.footing import trained
from experiments.comparison.selection import Selection, select_runs
from experiments.reporting.output import analysis_content
from experiments.scores import Place, appearing
from experiments.segmenting.names import file_name
from experiments.segmenting.pictures import class_shares
from experiments.store.runs import Run
from experiments.store.scored.damage import of_whole
from seg import InputError
from seg.pets import indexed_image

# What Gradio's page of the API and its clients take for a file
EXAMPLE_PHOTO = {"path": "cat.jpg", "url": "cat.jpg", "orig_name": "cat.jpg", "meta": {"_type": "gradio.FileData"}}

_NAME_BYTES = 90

Component = TypeVar("Component", bound=gr.components.Component)


def segment_api(catalogue: Catalogue, photo: str, checkpoint: str) -> tuple[str, dict]:
    """Segment a photo with one checkpoint.

    Returns:
        The path of an indexed PNG of the photo's own size after EXIF rotation, values 0 (pet),
        1 (background), 2 (border); and a report: checkpoint, size [width, height], share, milliseconds.

    Raises:
        InputError: there is no such checkpoint, or no photo that can be read.
    """
    run = run_with_checkpoint(catalogue, checkpoint or "")  # before a large photo is read
    if not photo:
        raise InputError("no photo: give an image file")
    offered = Offered(Path(photo).name, Path(photo))
    prediction, milliseconds = segment_photo(offered, run)
    with room_for(offered.path, times=MASKS):
        mask = prediction.mask()
        return mask_file(mask, photo, run), mask_report(mask, run, milliseconds)


def mask_file(mask: np.ndarray, photo: str, run: Run) -> str:
    """The path of a mask in a folder of its own, from where it is served to whoever is told of it.

    Args:
        mask: (height, width) uint8 of classes.
        photo: its file's path or name.
    """
    name = f"{_short_name(Path(photo).stem)}-{_short_name(run.name)}.png"
    with new_folder() as folder:
        indexed_image(mask).save(folder / name, "PNG", optimize=True)
    return str(folder / name)


def _short_name(title: str) -> str:
    # two of them and an ending are less than a file's name may have, which is counted in bytes
    return file_name(title).encode(errors="ignore")[:_NAME_BYTES].decode(errors="ignore")


def mask_report(mask: np.ndarray, run: Run, milliseconds: float) -> dict:
    """The report of `segment_api` on a run's mask (H, W) of a photo."""
    height, width = mask.shape
    return {
        "checkpoint": run.name,
        "size": [width, height],
        "share": class_shares(mask),
        "milliseconds": round(milliseconds, 1),
    }


def run_with_checkpoint(catalogue: Catalogue, name: str) -> Run:
    """The run of this name.

    Raises:
        InputError: there is none, or it has no checkpoint.
    """
    runs = {run.name: run for run in catalogue.with_checkpoint()}
    if name not in runs:
        raise InputError(
            f"no checkpoint {in_short(name)}: choose from {', '.join(runs) or 'none, there are no runs yet'}"
        )
    return runs[name]


def runs_api(catalogue: Catalogue) -> list[dict]:
    """All runs with their last scores, and what these stand on, as `/runs` returns them."""
    return [
        {
            "name": run.name,
            "loss": run.loss,
            "seed": run.seed,
            "epochs": run.epochs_trained,
            "status": run.status,
            "side": run.network_side(run.epochs_trained),
            "photos_scored": run.photos_scored,
            **{score.name: run.final(score.name) for score in appearing(Place.API)},
            "has_checkpoint": run.checkpoint is not None,
        }
        for run in catalogue.runs()
    ]


def compare_api(catalogue: Catalogue, names: Sequence[str]) -> dict:
    """The comparison of these runs, or of those that most of the project's comparison is of.

    One whose files of scores are damaged is in `left_out`, a line each, and the others are compared.

    Raises:
        InputError: there is no such run, or these cannot be compared.
    """
    there = {run.name: run for run in trained(catalogue.scored())}
    unknown = [name for name in names if name not in there]
    if unknown or not there:
        choices = ", ".join(there) or "none, no run has finished an epoch yet"
        raise InputError(f"no scores of {in_short(', '.join(unknown)) or 'any run'}: choose from {choices}")
    chosen = [run for name, run in there.items() if not names or name in names]

    def compared(runs: list[Run]) -> tuple[Selection, Analysis]:
        selection = select_runs(runs, named=bool(names))
        return selection, cached_analysis(selection.chosen)

    (selection, analysis), damaged = of_whole(chosen, compared)
    return {
        "runs": [run.name for run in selection.chosen],
        "apart": [run.name for run in selection.apart],
        "left_out": [catalogue.for_visitors(str(error)) for error in damaged],
        **analysis_content(analysis),
    }


def names_in(text: str, known: Collection[str]) -> list[str]:
    """The names that a list with commas between holds, of which a name may itself have some.

    Args:
        known: of names with commas these are found, the longest first; what is between them is a name, known or not.
    """
    parts, names = text.split(","), []
    longest = 1 + max((name.count(",") for name in known), default=0)
    while parts:
        tries = ((count, ",".join(parts[:count]).strip()) for count in range(min(longest, len(parts)), 0, -1))
        count, name = next((each for each in tries if each[1] in known), (1, parts[0].strip()))
        names += [name] if name else []
        parts = parts[count:]
    return names


def add_api(catalogue: Catalogue) -> None:
    """Serve the three. Programs read what each does in its docstring."""

    def segment(photo: str, checkpoint: str) -> tuple[str, dict]:
        """Segment a photo: an indexed PNG of its size (0 pet, 1 background, 2 border) and a report.

        Args:
            photo: an image file.
            checkpoint: the name of a run with a checkpoint, as /runs lists them.
        """
        return segment_api(catalogue, photo, checkpoint)

    def runs() -> list[dict]:
        return runs_api(catalogue)

    scores = ", ".join(score.noun for score in appearing(Place.API))
    runs.__doc__ = (
        f"All runs with their last scores, as fractions: {scores}; to be compared where epochs, side and photos_scored "
        "are equal."
    )

    def compare(runs: str | None) -> dict:
        """Compare runs on the footing they share: scores, over single photos with 95 % intervals, differences from
        unweighted cross-entropy, reliability, and the answer in words.

        Args:
            runs: names of runs, as /runs lists them, with commas between; empty for those most of which are alike.
        """
        return compare_api(catalogue, names_in(runs or "", [run.name for run in catalogue.runs()]))

    with gr.Row(visible=False):
        photo = _with_example(gr.File(label="photo", type="filepath"), EXAMPLE_PHOTO)
        checkpoint = _with_example(gr.Textbox(label="checkpoint"), "ce-s0")
        names = _with_example(gr.Textbox("", label="runs"), "ce-s0, weighted-s0")
        mask, report = gr.File(label="mask"), gr.JSON(label="report")
        gr.Button().click(segment, inputs=[photo, checkpoint], outputs=[mask, report], api_name="segment")
        gr.Button().click(runs, outputs=gr.JSON(label="runs"), api_name="runs")
        gr.Button().click(compare, inputs=names, outputs=gr.JSON(label="comparison"), api_name="compare")


def _with_example(component: Component, example: object) -> Component:
    """Show this on the page of the API; Gradio's own example of a file is a PDF."""
    for method in ("example_payload", "example_value"):
        setattr(component, method, lambda: example)
    return component
