"""The page's head: its name, its question, the tabs, and what holds for all of them."""

import html
from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from demo.scripts import on_load

FOLDER = Path(__file__).parent
# Of tabs that have none of their own
PLAIN_ICON = "M4 5h16v14H4Z"

# Gradio shows the tab that the head has chosen
SHOW_TAB = """(tab) => ({ __type__: "update", selected: tab })"""


def header_view(titles: Mapping[str, str], icons: Mapping[str, str]) -> gr.HTML:
    """The head.

    Args:
        titles: of the tabs in order, by the name that the address has for each.
        icons: an SVG path of 24 x 24 for each, shown on a phone.
    """
    first = next(iter(titles))
    drawn = [_tab(name, title, icons.get(name) or PLAIN_ICON, name == first) for name, title in titles.items()]
    return gr.HTML(
        None,
        html_template=(FOLDER / "header.html").read_text(encoding="utf-8").replace("TABS", "".join(drawn)),
        js_on_load=on_load("header/js/header.js"),
        apply_default_css=False,
        elem_id="header",
    )


def _tab(name: str, title: str, icon: str, first: bool) -> str:
    name, said = html.escape(name), html.escape(title)
    return (
        f'<button type="button" role="tab" disabled data-tab="{name}" aria-selected="{str(first).lower()}" '
        f'tabindex="{0 if first else -1}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="{icon}"/></svg>'
        f'<span data-title="{said}">{said}</span></button>'
    )
