"""The component that shows the stage, and its value."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import gradio as gr

from demo.catalogue import epochs_in_words, last_change, run_titles
from demo.figures.styles import DASHES, Style, styles
from demo.scripts import on_load
from demo.stage.pane import Pane
from experiments.comparison.configurations import configurations
from experiments.store.runs import Run
from seg.losses import LOSSES, loss_photo_colour
from seg.pets import CLASS_COLOURS, CLASS_NAMES

FOLDER = Path(__file__).parent
# Dark blue to yellow, told apart by lightness alone, so safe for colour-blind people
CONFIDENCE_COLOURS = ("#00204D", "#414D6B", "#7C7B78", "#BCAF6F", "#FFEA46")


@dataclass(frozen=True)
class ShownPhoto:
    """A photo as the page shows it.

    Attributes:
        key: another one for another photo.
        name: what files made of it begin with.
        uri: of the picture at the size on the page.
        size: the photo's own width and height; `shown`, those of the planes.
        truth: the plane of its true classes, deflated, where they are known.
    """

    key: str
    name: str
    uri: str
    size: tuple[int, int]
    shown: tuple[int, int]
    truth: str | None = None


def stage_view(value: dict, name: str) -> gr.HTML:
    """The stage, showing a value of `stage_value`; the page finds it as `name`."""
    return gr.HTML(
        value,
        html_template=(FOLDER / "stage.html").read_text(encoding="utf-8"),
        js_on_load=on_load("stage/js/stage.js"),
        apply_default_css=False,
        elem_id=name,
    )


def stage_value(
    photo: ShownPhoto | None,
    runs: Sequence[Run],
    answers: Mapping[str, Pane | str],
    *,
    status: str = "",
    busy: bool = False,
    likes: Mapping[str, float] | None = None,
) -> dict:
    """What the stage shows.

    Args:
        runs: each has a pane, in this order.
        answers: by run name: an answer, or a sentence that says why there is none; runs that are missing are at work.
        status: a sentence on what is missing, or on what is at work.
        likes: by run name, see `demo.stage.likeness.acts_like`.
    """
    return {
        "photo": None if photo is None else asdict(photo),
        "status": status,
        "busy": busy,
        "classes": [{"name": name, "colour": colour} for name, colour in zip(CLASS_NAMES, CLASS_COLOURS, strict=True)],
        "ramp": CONFIDENCE_COLOURS,
        "panes": [
            _pane_value(run, title, answers.get(run.name), style, (likes or {}).get(run.name))
            for run, title, style in _styled(runs)
        ],
    }


def _styled(runs: Sequence[Run]) -> list[tuple[Run, str, Style]]:
    titles, styled = run_titles(runs), styles(configurations(list(runs)))
    return [(run, titles[run.name], styled[run.name]) for run in runs]


def _pane_value(run: Run, title: str, answer: Pane | str | None, style: Style, like: float | None) -> dict:
    described = {
        "run": run.name,
        "title": title,
        "note": epochs_in_words(run),
        "colour": style.colour,
        "onPhoto": loss_photo_colour(run.loss),
        "dash": DASHES[list(LOSSES).index(run.loss) % len(DASHES)] if run.loss in LOSSES else DASHES[-1],
        "symbol": style.symbol,
        "like": like,
        "error": answer if isinstance(answer, str) else None,
        "version": "" if run.checkpoint is None else str(last_change(run.checkpoint)),
    }
    return described | (answer.as_value() if isinstance(answer, Pane) else {"levels": None})
