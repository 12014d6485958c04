"""The component that shows one figure, and the buttons that save any."""

from html import escape
from pathlib import Path
from urllib.parse import quote

import gradio as gr
import plotly

from demo.scripts import on_load

FOLDER = Path(__file__).parent
SAVES = (FOLDER / "saves.html").read_text(encoding="utf-8")
# from Plotly's own package: the page asks no other machine for it
LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


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
    gr.set_static_paths(LIBRARY)
    return gr.HTML(
        None,
        html_template=template,
        js_on_load=on_load(script),
        apply_default_css=False,
        elem_id=name,
        elem_classes="plot-view",
        library=f"gradio_api/file={quote(str(LIBRARY))}",
    )
