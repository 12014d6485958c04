"""The whole page: the tabs over one catalogue of runs, its address, and the API."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from starlette.middleware import Middleware
from starlette.routing import Route

from demo.api import add_api
from demo.catalogue import Catalogue
from demo.header.component import SHOW_TAB, header_view
from demo.header.link_preview import LinkPreview, preview_routes
from demo.labelled import Labelled
from demo.photos.banner import Offer
from demo.photos.component import photos_view
from demo.photos.download import PhotoDownload
from demo.scripts import script_routes
from demo.selection.component import selection_view
from demo.selection.described import selection_value
from demo.selection.followed import followed
from demo.serving.folder import own_folder
from demo.serving.hosts import Guarded
from demo.serving.keeping import keeping_order
from demo.serving.pictures import picture_routes
from demo.serving.uploads import MOST_BYTES, upload_routes
from demo.serving.words import REFUSALS, PlainBlocks, Spoken
from demo.sharing.outside import Outside
from demo.sharing.turns import take_turns
from demo.sharing.visitors import Connections, forgetting
from demo.stage.answer import forget
from demo.tabs import HIDDEN, TABS, Opening, Page, Updates
from demo.watch.own_photo import forget_masks
from seg.pixels.rgb import forget_profiles

# Seconds between looks at runs that train: an epoch takes longer
REFRESH = 4

# What Gradio's components have of the page's colours
INK = {
    "block_title_text_color": "muted",
    "block_label_text_color": "muted",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "border_color_primary": "line",
    "button_primary_background_fill": "ink",
    "button_primary_background_fill_hover": "ink",
    "button_primary_text_color": "on-ink",
    "checkbox_background_color_selected": "ink",
    "checkbox_border_color": "control",
    "checkbox_border_color_selected": "ink",
    "checkbox_label_background_fill_selected": "ink",
    "checkbox_label_text_color_selected": "on-ink",
    "input_border_color": "control",
    "input_border_color_focus": "ink",
    "link_text_color": "ink",
    "slider_color": "ink",
}
STYLES = sorted(Path(__file__).parent.rglob("*.css"))


def theme() -> gr.themes.Base:
    """The page's fonts and colours."""
    # the system's own fonts: the page asks no other machine for anything
    plain = gr.themes.Soft(
        primary_hue="zinc",
        neutral_hue="zinc",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    # of `tokens.css`: what is chosen and what has the focus is ink, in the light and in the dark
    both = {f"{name}{mode}": f"var(--{token})" for name, token in INK.items() for mode in ("", "_dark")}
    return plain.set(color_accent="var(--ink)", **both)


def page_settings(
    for_agents: list[Path] | None = None,
    *,
    max_file_size: int | str = MOST_BYTES,
    names: Sequence[str] | None = None,
    on_spaces: bool = False,
) -> dict:
    """What `launch` and `gr.mount_gradio_app` must be told for the page to look and to work as it does.

    Args:
        for_agents: the folders of runs that agents may ask about; None serves them no tools, and needs no `mcp`.
        max_file_size: of an upload, in bytes, or as Gradio reads it ("20mb").
        names: under which it is answered beside this machine's own, see `demo.serving.hosts.local_names`; None: any.
        on_spaces: its page is shown in a frame at Hugging Face.
    """
    routes: list[Route] = [*script_routes(), *preview_routes(), *picture_routes(), *upload_routes()]
    middleware = [
        *(Middleware(Guarded, names, on_spaces=on_spaces), Middleware(Spoken)),
        *(Middleware(LinkPreview), Middleware(Connections), Middleware(Outside)),
    ]
    lifespans: list[Callable[[Any], AbstractAsyncContextManager]] = [
        keeping_order,
        partial(forgetting, forget_all=_forget_photos),
    ]
    if for_agents is not None:
        from demo.agents.server import agents_settings

        agents = agents_settings(_catalogue(for_agents))
        routes += agents["routes"]
        lifespans.append(agents["lifespan"])

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for each in lifespans:
                await stack.enter_async_context(each(app))
            yield

    return {
        "theme": theme(),
        "css_paths": STYLES,
        "max_file_size": max_file_size,
        "enable_monitoring": False,
        "app_kwargs": {
            "routes": routes,
            "middleware": middleware,
            "lifespan": lifespan,
            "exception_handlers": REFUSALS,
        },
    }


def _forget_photos() -> None:
    """Remember nothing of what visitors have sent, of whom none is here any more."""
    forget()
    forget_masks()
    forget_profiles()


def _catalogue(folders: list[Path]) -> Catalogue:
    return Catalogue(tuple(folder.resolve() for folder in folders))


def build_interface(folders: list[Path], dataset: Path, offer: Offer = Offer.NOTHING) -> gr.Blocks:
    """The app over these folders of runs.

    Args:
        folders: parents of run folders.
        dataset: folder of photos with labels, the dataset's or one's own (`demo.labelled`); need not exist.
        offer: who may download what it is to hold; where it is the app itself, it begins here.
    """
    own_folder()  # before Gradio asks where its files are to be
    download = PhotoDownload(dataset, time.sleep if offer is Offer.BY_ITSELF else None)
    if offer is Offer.BY_ITSELF:
        download.start()
    catalogue = _catalogue(folders)
    labelled = Labelled(dataset, catalogue.border_width)
    with PlainBlocks(catalogue, title="Borderline", analytics_enabled=False, fill_width=True) as blocks:
        header = header_view({name: tab.title for name, tab in TABS.items()}, {n: tab.icon for n, tab in TABS.items()})
        # what the runs are now: a page that opens later reads them anew
        selection = selection_view(selection_value(catalogue))
        photos = photos_view(download, offer)
        openings: list[Opening] = []
        with gr.Tabs(elem_id="tabs") as tabs:
            for number, (name, entry) in enumerate(TABS.items()):
                # the first is drawn anyway
                with gr.Tab(entry.title, id=name, elem_id=f"tab-{name}", render_children=number > 0):
                    opening = entry.build(Page(catalogue, labelled, followed(name, entry.follows), entry.follows))
                openings += [] if opening is None else [opening]
        header.select(None, inputs=header, outputs=tabs, js=SHOW_TAB, **HIDDEN)
        photos.select(lambda: _filled(openings), outputs=_outputs(openings), **HIDDEN)
        add_api(catalogue)
        _follow_the_disk(blocks, catalogue, selection, openings)
    take_turns(blocks)
    return blocks


def _filled(openings: list[Opening]) -> Updates:
    """What all tabs show before anything is chosen."""
    return {part: value for opening in openings for part, value in opening.fill().items()}


def _outputs(openings: list[Opening]) -> list[Block]:
    return [part for opening in openings for part in opening.outputs]


def _follow_the_disk(blocks: gr.Blocks, catalogue: Catalogue, selection: gr.HTML, openings: list[Opening]) -> None:
    """Read the runs anew each time the page opens, and again and again while one trains."""
    timer = gr.Timer(REFRESH, active=False)

    def open_page() -> Updates:
        return look(None) | _filled(openings)

    def look(seen: int | None) -> Updates:
        value = selection_value(catalogue)
        stamp = hash(json.dumps(value))
        if stamp == seen:
            return gr.skip()
        training = any(run["status"] == "running" for run in value["runs"])
        # that they were read, even where nothing is new since the page was built
        return {selection: value | {"read": time.time()}, state: stamp, timer: gr.Timer(active=training)}

    state = gr.State()
    shown = [selection, state, timer]
    blocks.load(open_page, outputs=[*shown, *_outputs(openings)], **HIDDEN)
    timer.tick(look, inputs=state, outputs=shown, **HIDDEN)
