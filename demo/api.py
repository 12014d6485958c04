"""What programs and agents can ask the running app: `/segment`, `/runs` and `/compare`, with no place on the page."""

import tempfile
from pathlib import Path
from typing import TypeVar

import gradio as gr

from demo.analysis import cached_analysis
from demo.catalogue import Catalogue
from demo.checkpoints import segment_photo
from demo.photo import open_photo
from experiments.comparison.footing import trained
from experiments.comparison.selection import select_runs
from experiments.reporting.output import analysis_content
from experiments.scores import Place, appearing
from experiments.segmenting.pictures import class_shares
from seg import InputError
from seg.pets import indexed_image

# What Gradio's page of the API and its clients take for a file
EXAMPLE_PHOTO = {"path": "cat.jpg", "url": "cat.jpg", "orig_name": "cat.jpg", "meta": {"_type": "gradio.FileData"}}

Component = TypeVar("Component", bound=gr.components.Component)


def segment_api(catalogue: Catalogue, photo: str, checkpoint: str) -> tuple[str, dict]:
    """Segment a photo with one checkpoint.

    Returns:
        The path of an indexed PNG of the photo's own size after EXIF rotation, values 0 (pet),
        1 (background), 2 (border); and a report: checkpoint, size [width, height], share, milliseconds.
    """
    runs = {run.name: run for run in catalogue.with_checkpoint()}
    if checkpoint not in runs:
        raise gr.Error(f"no checkpoint {checkpoint}: choose from {', '.join(runs) or 'none, there are no runs yet'}")
    if not photo:
        raise gr.Error("no photo: give an image file")
    try:
        image = open_photo(photo)
        prediction, milliseconds = segment_photo(image, runs[checkpoint])
    except InputError as error:
        raise gr.Error(str(error)) from error
    # Gradio copies the file into its own cache and serves it from there
    with tempfile.NamedTemporaryFile(prefix=f"{Path(photo).stem}-{checkpoint}-", suffix=".png", delete=False) as file:
        indexed_image(prediction.mask).save(file, "PNG", optimize=True)
    height, width = prediction.mask.shape
    report = {
        "checkpoint": checkpoint,
        "size": [width, height],
        "share": class_shares(prediction.mask),
        "milliseconds": round(milliseconds, 1),
    }
    return file.name, report


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


def compare_api(catalogue: Catalogue, names: list[str] | None) -> dict:
    """The comparison of these runs, or of those that most of the project's comparison is of.

    Raises:
        gr.Error: there is no such run, or these cannot be compared.
    """
    there = {run.name: run for run in trained(catalogue.scored())}
    unknown = [str(name) for name in names or [] if name not in there]
    if unknown or not there:
        choices = ", ".join(there) or "none, no run has finished an epoch yet"
        raise gr.Error(f"no scores of {', '.join(unknown) or 'any run'}: choose from {choices}")
    chosen = [run for name, run in there.items() if not names or name in names]
    selection = select_runs(chosen, named=bool(names))
    try:
        analysis = cached_analysis(selection.chosen)
    except InputError as error:
        raise gr.Error(str(error)) from error
    return {
        "runs": [run.name for run in selection.chosen],
        "apart": [run.name for run in selection.apart],
        **analysis_content(analysis),
    }


def add_api(catalogue: Catalogue) -> None:
    """Serve the three. Agents know each by its function's name, and what it does by its docstring."""

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

    def compare(runs: str) -> dict:
        """Compare runs on the footing they share: scores, over single photos with 95 % intervals, differences from
        unweighted cross-entropy, reliability, and the answer in words.

        Args:
            runs: names of runs, as /runs lists them, with commas between; empty for those most of which are alike.
        """
        return compare_api(catalogue, [name.strip() for name in runs.split(",") if name.strip()])

    with gr.Row(visible=False):
        photo = _with_example(gr.File(label="photo", type="filepath"), EXAMPLE_PHOTO)
        checkpoint = _with_example(gr.Textbox(label="checkpoint"), "ce-s0")
        # text: what Gradio tells agents of its lists is no valid schema
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
