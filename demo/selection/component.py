"""The bar of what is chosen: chips, the list of all runs, the epoch."""

from pathlib import Path

import gradio as gr

from demo.scripts import on_load

FOLDER = Path(__file__).parent


def selection_view(value: dict) -> gr.HTML:
    """The bar, showing a value of `selection_value`."""
    return gr.HTML(
        value,
        html_template=(FOLDER / "selection.html").read_text(encoding="utf-8"),
        js_on_load=on_load("selection/js/selection.js"),
        apply_default_css=False,
        elem_id="selection",
    )
