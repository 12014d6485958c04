"""The tabs of the page, in order, and what each is given and gives: a tab is a module and a line here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from demo.address import Address
from demo.catalogue import Catalogue

# What an event shows, as Gradio takes it: a value or an update for a component; one that is left out stays as it is
Updates = dict[Block, object]

# What most events are told: nothing fades while they are at work, and programs do not see them
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class Page:
    """What a tab is laid out with.

    Attributes:
        catalogue: the runs that the page shows.
        dataset: folder holding `oxford-iiit-pet/`; need not exist.
        tabs: all of them, to go to another by `gr.update(selected=its id)`.
        tab: this one: its event `select` says that it is looked at.
        point: clicked where a point of a figure is, whose run and epoch are its value: `{"run": ..., "epoch": ...}`.
    """

    catalogue: Catalogue
    dataset: Path
    tabs: gr.Tabs
    tab: gr.Tab
    point: gr.HTML


@dataclass(frozen=True)
class Opening:
    """What a tab fills each time the page opens.

    Attributes:
        outputs: the components.
        fill: from what the page's address says to their values or updates.
        then: adds to the event that has filled all tabs what must wait for it.
    """

    outputs: list[Block]
    fill: Callable[[Address], Updates]
    then: Callable[[Dependency], object] | None = None


@dataclass(frozen=True)
class Tab:
    """An entry.

    Attributes:
        title: on the tab.
        builder: `module:name` of the function from a `Page` to an `Opening`, or to None where the tab fills nothing
            when the page opens. It lays the tab out inside it; the module is imported when the page is built.
    """

    title: str
    builder: str

    def build(self, page: Page) -> Opening | None:
        """What the builder gives for this page."""
        module, _, name = self.builder.partition(":")
        return getattr(import_module(module), name)(page)


# By the name that the page's address has for it: `/?tab=scrub`
TABS = {
    "segment": Tab("Try", "demo.segment.tab:build_segment_tab"),
    "compare": Tab("Which loss?", "demo.compare.tab:build_compare_tab"),
    "scrub": Tab("Scrub", "demo.scrub.tab:build_scrub_tab"),
    "spot": Tab("Spot check", "demo.spot.tab:build_spot_tab"),
}
