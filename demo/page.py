"""The whole page: the tabs over one catalogue of runs, its address, and the API."""

import json
from pathlib import Path

import gradio as gr

from demo.address import SCRIPT, read_address
from demo.api import add_api
from demo.catalogue import Catalogue
from demo.scripts import script_routes
from demo.tabs import HIDDEN, TABS, Opening, Page, Updates
from experiments.store.probe import sample_photos

INTRODUCTION = """# Borderline
Which loss sees the border of a pet, and is it the loss or only the threshold?
"""

# A figure asks for a run and an epoch by an event of the document
FOLLOW_POINT = """
document.addEventListener("borderline:scrub", (event) => {
  props.value = event.detail;
  trigger("click");
});
"""

# A link that asks for another tab than the first: that one is not to be seen until the other is there
OPENING = f"""<script>
if ({json.dumps(list(TABS)[1:])}.includes(new URLSearchParams(location.search).get("tab"))) {{
  const page = document.documentElement;
  page.dataset.opening = "";
  // not by an event of the tab's: those wait for what the tab computes
  new MutationObserver((_, observer) => {{
    if (!document.querySelector('#tabs [role="tab"] ~ [role="tab"][aria-selected="true"]')) return;
    delete page.dataset.opening;
    observer.disconnect();
  }}).observe(page, {{ subtree: true, childList: true, attributeFilter: ["aria-selected"] }});
}}
</script>"""

STYLES = sorted(Path(__file__).parent.rglob("*.css"))


def theme() -> gr.themes.Base:
    """The page's fonts and colours."""
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


def page_settings() -> dict:
    """What `launch` and `gr.mount_gradio_app` must be told for the page to look and to work as it does."""
    return {
        "theme": theme(),
        "css_paths": STYLES,
        "head": SCRIPT + OPENING,
        "app_kwargs": {"routes": script_routes()},
    }


def build_interface(folders: list[Path], dataset: Path) -> gr.Blocks:
    """The app over these folders of runs.

    Args:
        folders: parents of run folders.
        dataset: folder holding `oxford-iiit-pet/`, for the probe's photos; need not exist.
    """
    catalogue = Catalogue(tuple(folder.resolve() for folder in folders))
    gr.set_static_paths([*catalogue.folders, *sample_photos().values()])
    with gr.Blocks(title="Borderline", analytics_enabled=False, fill_width=True) as blocks:
        gr.Markdown(INTRODUCTION, elem_classes="borderline-head")
        # "hidden" is in the page, where False is not: its script listens
        point = gr.HTML(js_on_load=FOLLOW_POINT, visible="hidden")
        query = gr.Textbox(visible=False)
        openings: list[Opening] = []
        with gr.Tabs(elem_id="tabs") as tabs:
            for number, (name, entry) in enumerate(TABS.items()):
                # the first is drawn anyway
                with gr.Tab(entry.title, id=name, render_children=number > 0) as tab:
                    opening = entry.build(Page(catalogue, dataset, tabs, tab, point))
                openings += [] if opening is None else [opening]
                tab.select(None, js=f"() => borderlineAddress({{tab: '{name}'}})", api_visibility="private")
        add_api(catalogue)

        def open_page(query: str) -> Updates:
            """Read the runs anew each time the page opens, and choose what its address says."""
            address = read_address(query, TABS)
            # only where a link asks for one: the person may have gone to another tab already
            filled: Updates = {tabs: gr.update(selected=address.tab)} if address.tab else {}
            for opening in openings:
                filled |= opening.fill(address)
            return filled

        opened = blocks.load(
            open_page,
            inputs=query,
            outputs=[tabs, *(component for opening in openings for component in opening.outputs)],
            js="() => borderlineOpenedWith",
            **HIDDEN,
        )
        for opening in openings:
            if opening.then is not None:
                opening.then(opened)
    return blocks
