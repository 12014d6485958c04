"""The whole page: three tabs over one catalogue of runs, and the API."""

from pathlib import Path

import gradio as gr

from demo.catalogue import FIRST_CHOICES, Catalogue, choices
from demo.compare import build_compare_tab, compare
from demo.scrub import ProbePhotos, build_scrub_tab, scrub_value
from demo.segment import add_segment_api, build_segment_tab
from experiments.probe import sample_photos

INTRODUCTION = """# Borderline
Border pixels are the hard ones in segmentation, and a loss treats all pixels alike: what do class weights or focal
loss change? Segment a pet with each loss's SegNet, compare how well they find the border, and watch them learn it.
"""

STYLES = sorted(Path(__file__).parent.glob("*.css"))


def theme() -> gr.themes.Base:
    # the system's own fonts: the page asks no other machine for anything
    return gr.themes.Soft(
        primary_hue="blue",
        neutral_hue="slate",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )


def runs_api(catalogue: Catalogue) -> list[dict]:
    """All runs with their last scores, as `/runs` returns them."""
    scores = ("pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou")
    return [
        {
            "name": run.name,
            "loss": run.loss,
            "seed": run.seed,
            "epochs": run.epochs_trained,
            "status": run.status,
            **{score: run.final(score) for score in scores},
            "has_checkpoint": run.checkpoint is not None,
        }
        for run in catalogue.runs()
    ]


def opening_photo() -> str | None:
    """The sample the page opens with: the cub, whose whole outline is in the picture, or else the first."""
    samples = sample_photos()
    path = samples.get("cheetah2") or next(iter(samples.values()), None)
    return str(path) if path else None


def build_interface(folders: list[Path], dataset: Path) -> gr.Blocks:
    """The app over these folders of runs.

    Args:
        folders: parents of run folders.
        dataset: folder holding `oxford-iiit-pet/`, for the probe's photos; need not exist.
    """
    catalogue = Catalogue(tuple(folder.resolve() for folder in folders))
    photos = ProbePhotos(dataset)
    gr.set_static_paths([*catalogue.folders, photos.served, *sample_photos().values()])
    with gr.Blocks(title="Borderline", analytics_enabled=False) as blocks:
        gr.Markdown(INTRODUCTION, elem_classes="borderline-head")
        with gr.Tabs():
            with gr.Tab("Segment", id="segment"):
                segment = build_segment_tab(catalogue)
            with gr.Tab("Compare", id="compare", render_children=True):
                comparison = build_compare_tab(catalogue)
            with gr.Tab("Scrub", id="scrub", render_children=True):
                scrub = build_scrub_tab(catalogue, photos)
        add_segment_api(catalogue)
        with gr.Row(visible=False):
            listing = gr.JSON(label="runs")
            gr.Button().click(
                lambda: runs_api(catalogue),
                outputs=listing,
                api_name="runs",
                api_description="All runs with their last scores.",
            )

        def open_page(score: str) -> list:
            """Read the runs anew each time the page opens: a run that ended meanwhile is there."""
            with_checkpoint, scored = catalogue.with_checkpoint(), catalogue.scored()
            first = [run.name for run in with_checkpoint[:FIRST_CHOICES]]
            shown = [run.name for run in scored[:FIRST_CHOICES]]
            return [
                gr.update(choices=choices(with_checkpoint), value=first, visible=bool(with_checkpoint)),
                gr.update(choices=choices(scored), value=shown, visible=bool(scored)),
                gr.update(choices=choices(scored), value=shown, visible=bool(scored)),
                scrub_value(catalogue, photos, shown),
                *compare(catalogue, shown, score),
            ]

        blocks.load(
            open_page,
            inputs=comparison.score,
            outputs=[
                segment.checkpoints,
                comparison.runs,
                scrub.runs,
                scrub.view,
                *comparison.outputs,
            ],
            show_progress="hidden",
            api_visibility="private",
        ).then(
            # only now, when the checkpoints are chosen: the photo's change starts the first segmentation
            opening_photo,
            outputs=segment.photo,
            show_progress="hidden",
            api_visibility="private",
        )
    return blocks
