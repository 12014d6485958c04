"""The tabs of the page, in order, and what each is given and gives: a tab is a module and a line here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import gradio as gr
from gradio.blocks import Block

from demo.catalogue import Catalogue
from demo.labelled import Labelled

# What an event shows, as Gradio takes it: a value or an update for a component; one that is left out stays as it is
Updates = dict[Block, object]

# What most events are told: nothing fades while they are at work, and programs do not see them
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class Page:
    """What a tab is laid out with.

    Attributes:
        catalogue: the runs that the page shows.
        dataset: the photos with labels, which need not be there.
        selection: its value says what is chosen, and its event `select` when that changes or the tab is opened: see
            `demo.selection.followed`.
        follows: what it says beside the runs.
    """

    catalogue: Catalogue
    dataset: Labelled
    selection: gr.HTML
    follows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Opening:
    """What a tab fills each time the page opens, before anything is chosen.

    Attributes:
        outputs: the components.
        fill: their values or updates.
    """

    outputs: list[Block]
    fill: Callable[[], Updates]


@dataclass(frozen=True)
class Tab:
    """An entry.

    Attributes:
        title: on the tab.
        builder: `module:name` of the function from a `Page` to an `Opening`, or to None where the tab fills nothing
            when the page opens. It lays the tab out inside it; the module is imported when the page is built.
        follows: what of the page's state the tab's `Page.selection` says beside the runs; keys of `js/state.js`.
        icon: an SVG path of 24 x 24, for a phone.
    """

    title: str
    builder: str
    follows: tuple[str, ...] = ()
    icon: str = ""

    def build(self, page: Page) -> Opening | None:
        """What the builder gives for this page."""
        module, _, name = self.builder.partition(":")
        return getattr(import_module(module), name)(page)


# By the name that the page's address has for it: `/?tab=watch`
TABS = {
    "try": Tab(
        "Try",
        "demo.segment.tab:build_segment_tab",
        follows=("photo", "photoFile"),
        icon="M4 5h16v14H4Zm0 11 5-5 4 4 2-2 5 5M15.500 9h.01",
    ),
    "which-loss": Tab(
        "Which loss?",
        "demo.compare.tab:build_compare_tab",
        follows=("epoch", "score", "details"),
        icon="M5 20v-6M10 20V9M15 20V4M20 20v-9",
    ),
    "watch": Tab("Watch", "demo.watch.tab:build_watch_tab", icon="M7 4v16l13-8Z"),
    "failures": Tab(
        "Failures",
        "demo.failures.tab:build_failures_tab",
        follows=("photoScore",),
        icon="M4 4h7v7H4ZM13 4h7v7h-7ZM4 13h7v7H4ZM13 13h7v7h-7Z",
    ),
}
