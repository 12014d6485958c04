"""Which loss? How well each finds the border: the verdict, the scores, and what a moved threshold does."""

from typing import Any

import gradio as gr

from demo.compare.layout import lay_out
from demo.compare.updates import refresh_answer, refresh_epochs
from demo.selection.followed import read_selected
from demo.tabs import HIDDEN, Page, Updates

# What the table shows, as a file: the page has it already
DOWNLOAD = """(table) => {
  const rows = [table.headers, ...(table.metadata?.display_value ?? table.data)];
  const quoted = (cell) => (/[",\\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const text = rows.map((row) => row.map((cell) => quoted(String(cell ?? ""))).join(",") + "\\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "borderline-runs.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""
# What is chosen here is kept with the rest of the page's state
KEEP_SCORE = "(score) => window.borderline?.set({ score })"
KEEP_DETAILS = "() => window.borderline?.set({ details: 'open' })"
FORGET_DETAILS = "() => window.borderline?.set({ details: null })"


def build_compare_tab(page: Page) -> None:
    """The tab, laid out where this is called; it is filled when it is looked at, and when what is chosen changes."""
    catalogue, parts = page.catalogue, lay_out()
    common: dict[str, Any] = {"trigger_mode": "always_last", **HIDDEN}

    def show_epochs(drawn: tuple | None, event: gr.EventData) -> Updates:
        selected = read_selected(event, page.follows)
        return refresh_epochs(parts, catalogue, selected, drawn) or gr.skip()

    def show_answer(explained: tuple | None, event: gr.EventData) -> Updates:
        return refresh_answer(parts, catalogue, read_selected(event), explained) or gr.skip()

    # two events: the analysis takes longer
    page.selection.select(show_epochs, inputs=parts.drawn, outputs=parts.by_epoch(), **common)
    page.selection.select(show_answer, inputs=parts.explained, outputs=parts.by_photo(), **common)
    parts.score.input(None, inputs=parts.score, js=KEEP_SCORE, api_visibility="private")
    parts.details.expand(None, js=KEEP_DETAILS, api_visibility="private")
    parts.details.collapse(None, js=FORGET_DETAILS, api_visibility="private")
    parts.download.click(None, inputs=parts.table, js=DOWNLOAD, api_visibility="private")
