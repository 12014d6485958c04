"""The component that shows one figure, and the buttons that save any."""

from html import escape
from pathlib import Path

import gradio as gr

from demo.scripts import on_load
from demo.serving.pictures import LIBRARY_URL

FOLDER = Path(__file__).parent
SAVES = (FOLDER / "saves.html").read_text(encoding="utf-8")


def saves(title: str) -> str:
    """The buttons that save the figure of that title, as HTML."""
    return SAVES.replace("TITLE", escape(title))


# titled by `figure.js`
TEMPLATE = (FOLDER / "figure.html").read_text(encoding="utf-8").replace("SAVES", saves(""))


def figure_view(name: str, template: str = TEMPLATE, script: str = "figures/js/figure.js") -> gr.HTML:
    """A place for a `View`, empty until its value is `View.as_value()`; the page finds it as `name`.

    Args:
        template: HTML in which `TEMPLATE` stands.
        script: the module that mounts it.
    """
    return gr.HTML(
        None,
        html_template=template,
        js_on_load=on_load(script),
        apply_default_css=False,
        elem_id=name,
        elem_classes="plot-view",
        library=LIBRARY_URL,
    )
