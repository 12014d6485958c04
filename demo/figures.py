"""Plotly figures of runs: scores by epoch, and final scores as bars."""

import plotly.graph_objects as go

from experiments.analysis import ARTICLE_PIXEL_ACCURACY
from experiments.runs import Run
from seg.palette import LOSS_COLOURS, OTHER_COLOUR

DASHES = ("solid", "dash", "dot", "dashdot")

# Each score's name, and how to read it in one sentence
SCORES = {
    "pixel_accuracy": ("Pixel accuracy", "Share of all pixels given their true class."),
    "border_recall": (
        "Border recall",
        "Share of true border pixels found. Painting everything as border scores 100 %, so read it with precision.",
    ),
    "border_precision": ("Border precision", "Share of pixels painted as border that truly are border."),
    "border_f1": ("Border F1", "Harmonic mean of border recall and precision: high only when both are."),
    "border_iou": ("Border IoU", "Border pixels both true and found, over those either true or found."),
    "boundary_iou": (
        "Boundary IoU",
        "Overlap of the pet's outline, 4 pixels thick, with the true outline (Cheng et al. 2021).",
    ),
    "mean_iou": ("Mean IoU", "Intersection over union, averaged over pet, background and border."),
    "pet_iou": ("Pet IoU", "Pet pixels both true and found, over those either true or found."),
    "background_iou": ("Background IoU", "Background pixels both true and found, over those either true or found."),
    "article_iou": ("Article's IoU", "The article's Jaccard index over pet and border pixels together."),
    "custom_iou": ("Article's soft IoU", "IoU over probabilities instead of decisions, averaged over photos."),
    "val_loss": (
        "Validation loss",
        "Each run's own loss on unseen photos: it compares epochs of one run, not runs of different losses.",
    ),
}
ALWAYS_SHOWN = ("pixel_accuracy", "border_recall", "border_precision", "border_f1", "border_iou")


def score_label(score: str) -> str:
    return SCORES[score][0]


def by_epoch(runs: list[Run], score: str) -> go.Figure:
    """One line a run: the score after each epoch. Runs of one loss share its colour and differ in dashes."""
    figure = go.Figure(layout=_layout(score_label(score), "Epoch"))
    fraction = score != "val_loss"
    seen: dict[str, int] = {}
    for run in runs:
        dash = DASHES[seen.get(run.loss, 0) % len(DASHES)]
        seen[run.loss] = seen.get(run.loss, 0) + 1
        figure.add_scatter(
            x=run.epochs["epoch"].tolist(),
            y=[None if value != value else value for value in run.epochs[score].tolist()],
            name=run.name,
            mode="lines+markers",
            line={"color": colour(run), "dash": dash, "width": 2},
            marker={"size": 5},
            hovertemplate=f"{run.name}, epoch %{{x}}: %{{y:{'.2%' if fraction else '.4f'}}}<extra></extra>",
        )
    if score == "pixel_accuracy":
        _mark_article(figure)
    if fraction:
        figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(dtick=5 if max((run.epochs_trained for run in runs), default=0) > 8 else 1)
    return figure


def final_scores(runs: list[Run], score: str) -> go.Figure:
    """Bars of each run's last scores: the chosen score first, then accuracy and all border scores.

    Border recall alone rewards over-painting, so it always stands beside precision, F1 and IoU.
    """
    scores = [score, *(other for other in ALWAYS_SHOWN if other != score)] if score != "val_loss" else ALWAYS_SHOWN
    figure = go.Figure(layout=_layout("Scores after each run's last epoch", None))
    for run in runs:
        values = [run.final(name) for name in scores]
        figure.add_bar(
            x=[score_label(name) for name in scores],
            y=values,
            name=run.name,
            marker_color=colour(run),
            text=["" if value is None else f"{value:.1%}" for value in values],
            textposition="outside",
            textfont={"size": 10},
            cliponaxis=False,
            hovertemplate=f"{run.name}, epoch {run.epochs_trained}, %{{x}}: %{{y:.2%}}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_yaxes(tickformat=".0%", range=[0, 1.08])
    if "pixel_accuracy" in scores:
        # across the pixel accuracy bars alone: the article says nothing of the others
        middle = scores.index("pixel_accuracy")
        figure.add_shape(
            type="line",
            x0=middle - 0.45,
            x1=middle + 0.45,
            y0=ARTICLE_PIXEL_ACCURACY,
            y1=ARTICLE_PIXEL_ACCURACY,
            line={"dash": "dot", "width": 2, "color": "#888888"},
        )
    return figure


def colour(run: Run) -> str:
    return LOSS_COLOURS.get(run.loss, OTHER_COLOUR)


def _mark_article(figure: go.Figure) -> None:
    figure.add_hline(
        y=ARTICLE_PIXEL_ACCURACY,
        line={"dash": "dot", "width": 2, "color": "#888888"},
        annotation_text="article: 88.28 %",
        annotation_position="bottom right",
    )


def _layout(title: str, x_title: str | None) -> dict:
    # half-transparent grey lines suit light and dark pages; compare.css gives the text its colour on dark ones
    axis = {"gridcolor": "rgba(128,128,128,0.25)", "zerolinecolor": "rgba(128,128,128,0.5)"}
    return {
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper"},
        "margin": {"l": 48, "r": 16, "t": 44, "b": 40},
        "height": 400,
        "legend": {"orientation": "h", "y": -0.16, "x": 0},
        "xaxis": {"title": {"text": x_title}, **axis} if x_title else axis,
        "yaxis": axis,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
