"""The Failures tab's components, each in its place."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.figures.component import figure_view
from demo.spot.ranking import ALL_BREEDS, HARDEST, LABELS
from experiments.scores import CHOSEN_FIRST, Place, appearing

# Until the scores of thousands of photos are read
WAITING = "Reading the scores of single photos …"


@dataclass(frozen=True)
class Parts:
    """The components.

    Attributes:
        detail: the page's photo, its label and masks.
        photo: the name of the one that was clicked in the table last.
        reasons: why labels in the table are suspected, by photo.
        ranked: what the table shows, so that it is not drawn twice.
    """

    rank_by: gr.Radio
    score: gr.Dropdown
    breed: gr.Dropdown
    explanation: gr.Markdown
    table: gr.Dataframe
    detail: gr.HTML
    figure: gr.HTML
    photo: gr.Textbox
    reasons: gr.State
    ranked: gr.State

    def shown(self) -> list[gr.Component]:
        """What follows from what is chosen."""
        choices = [self.rank_by, self.score, self.breed]
        return [*choices, self.explanation, self.table, self.figure, self.detail, self.reasons, self.ranked]


def lay_out() -> Parts:
    """The tab's components, empty, laid out where this is called."""
    with gr.Row():
        asked: dict[str, Any] = {
            "rank_by": gr.Radio(
                [(label, name) for name, label in LABELS.items()],
                value=HARDEST,
                label="Rank by",
                elem_id="spot-ranking",
                scale=3,
                min_width=300,
            ),
            "score": gr.Dropdown(
                [(score.title, score.name) for score in appearing(Place.PHOTOS)],
                value=CHOSEN_FIRST.name,
                label="Score",
                elem_id="spot-score",
                min_width=160,
            ),
            "breed": gr.Dropdown(
                [ALL_BREEDS], value=ALL_BREEDS, label="Breed", elem_id="spot-breed", min_width=160, filterable=True
            ),
        }
    explanation = gr.Markdown(WAITING, elem_id="spot-explanation")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id="spot-place"):
            table = gr.Dataframe(interactive=False, label="Photos", elem_id="spot-table", visible=False, max_height=460)
        with gr.Column(scale=2, min_width=300):
            detail = gr.HTML(elem_id="spot-detail")
    return Parts(
        **asked,
        explanation=explanation,
        table=table,
        detail=detail,
        figure=figure_view("spot-figure"),
        photo=gr.Textbox(visible=False),
        reasons=gr.State({}),
        ranked=gr.State(),
    )
