"""How a tab follows what is chosen: an event each time that it changes, or the tab is opened, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import gradio as gr

from demo.scripts import on_load
from demo.sharing.turns import standing
from demo.tabs import HIDDEN


@dataclass(frozen=True)
class Selected:
    """What is chosen on the page.

    Attributes:
        runs: the names of the runs that are shown.
        epoch: after which they are; None where nobody has chosen one.
        said: what else the tab follows, by key, None where nobody has chosen.
    """

    runs: list[str] = field(default_factory=list)
    epoch: int | None = None
    said: dict[str, object] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """What is chosen under this key, where it is a word."""
        value = self.said.get(key)
        return value if isinstance(value, str) else None


def followed(tab: str, keys: Sequence[str]) -> gr.HTML:
    """A component whose value says what is chosen, to be read by `read_selected`, and whose event `select` says when.

    Its value, not the event's data: an event that had to wait for the one before is sent with the data of that one.

    Args:
        tab: the one that is to be looked at.
        keys: of the page's state, that the tab follows beside the runs.
    """
    view = gr.HTML(
        js_on_load=on_load("selection/js/follow.js"),
        visible="hidden",  # in the page, where False is not: its script listens
        elem_id=f"follow-{tab}",
        server_functions=[standing],
        tab=tab,
        keys=list(keys),
    )
    view.click(lambda: None, **HIDDEN)  # opens the way to answers that did not arrive
    return view


def read_selected(said: object, keys: Sequence[str] = ()) -> Selected:
    """What the value of `followed` says is chosen; what is no name and no number is left out."""
    known = said if isinstance(said, dict) else {}
    runs, epoch = known.get("runs"), known.get("epoch")
    return Selected(
        runs=[name for name in runs if isinstance(name, str)] if isinstance(runs, list) else [],
        epoch=epoch if isinstance(epoch, int) and epoch >= 0 else None,
        said={key: known.get(key) for key in keys},
    )
