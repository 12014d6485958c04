"""The Scrub tab: predictions on the probe photos, epoch by epoch, all runs on one slider.

The page fetches each mosaic once and draws from memory: sliding makes no request.
"""

from pathlib import Path

import gradio as gr

from demo.address import Address
from demo.catalogue import choices, first_choices
from demo.scripts import on_load
from demo.scrub.export import export_functions
from demo.scrub.own_photo import own_functions
from demo.scrub.probe_photos import ProbePhotos
from demo.scrub.value import empty_value, scrub_value
from demo.tabs import HIDDEN, Opening, Page, Updates

FOLDER = Path(__file__).parent


def build_scrub_tab(page: Page) -> Opening:
    """The tab, laid out where this is called."""
    catalogue, photos = page.catalogue, ProbePhotos(page.dataset)
    gr.set_static_paths([photos.served])
    runs = gr.CheckboxGroup(label="Runs", elem_id="scrub-runs")
    view = gr.HTML(
        empty_value(),
        html_template=(FOLDER / "scrub.html").read_text(),
        js_on_load=on_load("scrub/js/scrub.js"),
        apply_default_css=False,
        server_functions=[*own_functions(catalogue), *export_functions(photos.served)],
        elem_id="scrub-view",
    )
    runs.input(
        lambda names: scrub_value(catalogue, photos, names),
        inputs=runs,
        outputs=view,
        trigger_mode="always_last",
        **HIDDEN,
    )
    runs.input(None, inputs=runs, js="(names) => borderlineAddress({ runs: names })", api_visibility="private")

    def fill(address: Address) -> Updates:
        scored = catalogue.scored()
        shown = [run.name for run in scored if run.name in (address.runs or ())]
        shown = shown or first_choices(scored)
        return {
            runs: gr.update(choices=choices(scored), value=shown, visible=bool(scored)),
            view: scrub_value(catalogue, photos, shown) | {"epoch": address.epoch},
        }

    def follow_point(point: dict, names: list[str]) -> Updates:
        """Show the run and the epoch of a point of a figure, beside the runs that are there."""
        asked = names if point["run"] in names else [*names, point["run"]]
        scored = catalogue.scored()
        shown = [run.name for run in scored if run.name in asked]
        return {
            page.tabs: gr.update(selected=page.tab.id),
            runs: gr.update(choices=choices(scored), value=shown),
            view: scrub_value(catalogue, photos, asked) | {"epoch": point["epoch"]},
        }

    page.point.click(
        follow_point,
        inputs=[page.point, runs],
        outputs=[page.tabs, runs, view],
        **HIDDEN,
    )
    return Opening([runs, view], fill)
