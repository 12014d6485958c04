"""The component that shows one figure."""

from pathlib import Path
from urllib.parse import quote

import gradio as gr
import plotly

from demo.scripts import on_load

FOLDER = Path(__file__).parent
# from Plotly's own package: the page asks no other machine for it
LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def figure_view(name: str) -> gr.HTML:
    """A place for a `View`, empty until its value is `View.as_value()`; the page finds it as `name`."""
    gr.set_static_paths(LIBRARY)
    return gr.HTML(
        None,
        html_template=(FOLDER / "figure.html").read_text(),
        js_on_load=on_load("figures/js/figure.js"),
        apply_default_css=False,
        elem_id=name,
        elem_classes="plot-view",
        library=f"gradio_api/file={quote(str(LIBRARY))}",
    )
