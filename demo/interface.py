"""The whole page: four tabs over one catalogue of runs, its address, and the API."""

from pathlib import Path

import gradio as gr

from demo.address import TABS, read_address
from demo.api import add_api
from demo.catalogue import FIRST_CHOICES, Catalogue, choices
from demo.compare import build_compare_tab, run_choices
from demo.scrub import ProbePhotos, build_scrub_tab, scrub_value
from demo.segment import build_segment_tab, name_samples
from demo.spot import build_spot_tab, open_spot_tab
from experiments.probe import sample_photos

INTRODUCTION = """# Borderline
Border pixels are the hard ones in segmentation, and a loss treats all pixels alike: what do class weights or focal
loss change? Segment a pet with each loss's SegNet, compare how well they find the border, and watch them learn it.
"""

# A figure asks for a run and an epoch by an event of the document
FOLLOW_POINT = """
document.addEventListener("borderline:scrub", (event) => {
  props.value = event.detail;
  trigger("click");
});
"""

STYLES = sorted(Path(__file__).parent.glob("*.css"))


def theme() -> gr.themes.Base:
    # the system's own fonts: the page asks no other machine for anything
    return gr.themes.Soft(
        primary_hue="blue",
        neutral_hue="slate",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        # Soft's own blues and greys are too pale to read for many people (WCAG AA asks for 4.5 to 1)
        block_title_text_color="*primary_800",
        block_label_text_color="*primary_800",
        checkbox_label_background_fill_selected="*primary_700",
        checkbox_background_color_selected="*primary_800",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        body_text_color_subdued="*neutral_600",
    )


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
        # "hidden" is in the page, where False is not: its script listens
        link = gr.HTML(js_on_load=FOLLOW_POINT, visible="hidden")
        query = gr.Textbox(visible=False)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Segment", id="segment"):
                segment = build_segment_tab(catalogue)
            with gr.Tab("Compare", id="compare", render_children=True) as compare_tab:
                comparison = build_compare_tab(catalogue, compare_tab)
            with gr.Tab("Scrub", id="scrub", render_children=True):
                scrub = build_scrub_tab(catalogue, photos)
            with gr.Tab("Spot check", id="spot", render_children=True) as spot_tab:
                spot = build_spot_tab(catalogue, dataset)
        add_api(catalogue)

        def open_page(query: str, score: str) -> list:
            """Read the runs anew each time the page opens, and choose what its address says."""
            address = read_address(query)
            with_checkpoint, scored = catalogue.with_checkpoint(), catalogue.scored()
            first = [run.name for run in with_checkpoint[:FIRST_CHOICES]]
            shown = [run.name for run in scored if run.name in (address.runs or ())]
            shown = shown or [run.name for run in scored[:FIRST_CHOICES]]
            return [
                # only where a link asks for one: the person may have gone to another tab already
                gr.update(selected=address.tab) if address.tab else gr.update(),
                gr.update(choices=choices(with_checkpoint), value=first, visible=bool(with_checkpoint)),
                run_choices(catalogue, address.runs),
                gr.update(value=address.score or score),
                gr.update(choices=choices(scored), value=shown, visible=bool(scored)),
                scrub_value(catalogue, photos, shown) | {"epoch": address.epoch},
            ]

        def follow_point(point: dict, names: list[str]) -> list:
            """Show the run and the epoch of a point of a figure in the scrubber, beside the runs that are there."""
            shown = names if point["run"] in names else [*names, point["run"]]
            value = scrub_value(catalogue, photos, shown) | {"epoch": point["epoch"]}
            return [gr.update(selected="scrub"), gr.update(value=shown), value]

        link.click(
            follow_point,
            inputs=[link, scrub.runs],
            outputs=[tabs, scrub.runs, scrub.view],
            show_progress="hidden",
            api_visibility="private",
        )
        # read when it is first looked at: the scores of thousands of photos take a moment
        spot_tab.select(
            lambda *chosen: open_spot_tab(catalogue, *chosen),
            inputs=spot.inputs,
            outputs=spot.outputs,
            show_progress="minimal",
            api_visibility="private",
        )
        for tab, name in zip(tabs.children, TABS, strict=True):
            tab.select(None, js=f"() => borderlineAddress({{tab: '{name}'}})", api_visibility="private")

        blocks.load(
            open_page,
            inputs=[query, comparison.score],
            outputs=[
                tabs,
                segment.checkpoints,
                comparison.runs,
                comparison.score,
                scrub.runs,
                scrub.view,
            ],
            js="(query, score) => [borderlineOpenedWith, score]",
            show_progress="hidden",
            api_visibility="private",
        ).then(
            # only now, when the checkpoints are chosen: the photo's change starts the first segmentation
            opening_photo,
            outputs=segment.photo,
            show_progress="hidden",
            api_visibility="private",
        ).then(None, js=name_samples(), api_visibility="private")
    return blocks
