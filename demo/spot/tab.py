"""The Spot check tab: photos that are hard, that divide two runs, or whose label is probably wrong."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler
from PIL import Image

from demo.catalogue import FIRST_CHOICES, Catalogue, choices, describe, segmenter
from demo.figures.component import figure_view
from demo.figures.distribution import distribution
from demo.images import data_uri
from demo.tabs import Page
from experiments.comparison.photos import disagreements, hardest, suspects
from experiments.scores import CHOSEN_FIRST, SCORES, Place, appearing
from experiments.store.photo_scores import read_images
from experiments.store.runs import Run
from seg import InputError
from seg.inference import as_rgb
from seg.palette import CLASS_COLOURS, indexed_image
from seg.pets import (
    BACKGROUND,
    CLASS_NAMES,
    DATASET_FOLDER,
    UNREADABLE,
    BadPair,
    breed,
    photo_path,
    read_trimap,
    trimap_path,
)

HARDEST, DISAGREEMENT, SUSPICION = "hardest", "disagreement", "suspicion"
RANKINGS = [("Hardest photos", HARDEST), ("Two runs disagree", DISAGREEMENT), ("Label probably wrong", SUSPICION)]
EXPLAINED = {
    HARDEST: "Photos by their mean score over the chosen runs, the worst first.",
    DISAGREEMENT: "Photos by how far the first two chosen runs are apart in the score.",
    SUSPICION: (
        "Trimaps without a pet first, then photos that surprise every loss: the score is the cross-entropy's distance "
        "from the median photo's, in robust standard deviations, of the loss that is surprised least."
    ),
}
ALL_BREEDS = "all breeds"
# A table of thousands of rows is slow to draw, and nobody reads them
SHOWN_ROWS = 200

NO_DETAILS = (
    "No run has scores of single photos yet: finish one, or score an unfinished one with "
    "`python -m experiments.evaluate FOLDER --details`."
)
NOTHING_CHOSEN = '<p class="empty">Click a row to see the photo, its label and each run\'s mask.</p>'


def ranking(runs: list[Run], rank_by: str, score: str, chosen_breed: str) -> pd.DataFrame:
    """Photos in the order asked for: `photo`, and the numbers or words that put them there.

    Raises:
        InputError: two runs are needed and fewer chosen, or their photos differ.
        BadRun: a run's `images.csv` is damaged.
    """
    if rank_by == HARDEST:
        table = hardest(runs, score)
    elif rank_by == DISAGREEMENT:
        if len(runs) < 2:
            raise InputError("Choose two runs: their disagreement ranks the photos.")
        table = disagreements(runs[:1], runs[1:2], score)
        table = table.rename(columns={"first": runs[0].name, "second": runs[1].name})
    else:
        table = suspects(runs)
    if chosen_breed != ALL_BREEDS:
        table = table[table["breed"] == chosen_breed]
    # the photo's name says its breed
    return table.drop(columns="breed").rename_axis("photo").reset_index()


def spot_check(catalogue: Catalogue, names: list[str], rank_by: str, score: str, chosen_breed: str) -> list:
    """What the tab shows: explanation, table, figure."""
    hidden = gr.update(visible=False)
    there = catalogue.with_photo_scores()
    if not there:
        return [NO_DETAILS, hidden, None]
    runs = [run for run in there if run.name in (names or [])]
    if not runs:
        return ["Choose at least one run.", hidden, None]
    try:
        table = ranking(runs, rank_by, score, chosen_breed or ALL_BREEDS)
        figure = distribution(runs, score).as_value()
    except InputError as error:
        return [str(error), hidden, None]
    words = EXPLAINED[rank_by] if rank_by == SUSPICION else f"{EXPLAINED[rank_by]} {SCORES[score].meaning}"
    if len(table) > SHOWN_ROWS:
        words += f" The first {SHOWN_ROWS} of {len(table):,} photos are listed."
    shown = table.head(SHOWN_ROWS)
    shown.insert(0, "rank", range(1, len(shown) + 1))
    write = "{:.2f}".format if rank_by == SUSPICION else partial(SCORES[score].text, tight=True)
    return [words, gr.update(value=_as_shown(shown, write), visible=True), figure]


def _as_shown(table: pd.DataFrame, write: Callable[[float], str]) -> Styler:
    """Numbers with as many digits each, so that columns line up; they sort as numbers."""
    return table.style.format(write, subset=[name for name in table if table[name].dtype.kind == "f"])


def look(catalogue: Catalogue, dataset: Path, photo: str | None, names: list[str], reason: str = "") -> str:
    """One photo as HTML: itself, its label and each chosen run's mask; or how to get the dataset.

    Args:
        reason: why its label is suspected.
    """
    if not photo:
        return NOTHING_CHOSEN
    name = Path(photo).name
    path = photo_path(dataset, name)
    title = f"<h3>{html.escape(name)}</h3>" + (f"<p>{html.escape(reason.capitalize())}.</p>" if reason else "")
    if not path.is_file():
        return (
            f'{title}<p class="empty">The photo is not shipped. To see it, run '
            "<code>python -m experiments.fetch --data data</code> and start the app again, or set "
            f"<code>PETS_DATA</code> to a folder that holds <code>{DATASET_FOLDER}/</code>.</p>"
        )
    try:
        with Image.open(path) as image:
            picture = as_rgb(image)
    except UNREADABLE as error:
        return f'{title}<p class="empty error">{html.escape(name)} cannot be read ({html.escape(str(error))}).</p>'
    tiles = [_tile("photo", picture, None)]
    try:
        tiles.append(_tile("label", picture, read_trimap(trimap_path(dataset, name), path)))
    except BadPair as error:
        tiles.append(_refusal(error))
    for run in catalogue.with_photo_scores():
        if run.name in (names or []) and run.checkpoint is not None:
            try:
                tiles.append(_tile(describe(run), picture, segmenter(run).predict(picture).mask))
            except InputError as error:
                tiles.append(_refusal(error))
    tints = zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    legend = "".join(f'<li><i style="background:{tint}"></i>{word}</li>' for tint, word in tints)
    return f'{title}<div class="spot-tiles">{"".join(tiles)}</div><ul class="spot-legend">{legend}</ul>'


def _refusal(error: InputError) -> str:
    """Why a tile is not there, in its place."""
    return f'<figure><figcaption class="error">{html.escape(str(error))}</figcaption></figure>'


def _tile(caption: str, picture: Image.Image, mask: np.ndarray | None) -> str:
    """The photo, under a mask (H, W) uint8 of its size where there is one."""
    layers = f'<img src="{data_uri(picture, "JPEG")}" alt="{html.escape(caption)}">'
    if mask is not None:
        overlay = indexed_image(mask)
        overlay.info["transparency"] = BACKGROUND
        layers += f'<img class="mask" src="{data_uri(overlay, "PNG")}" alt="">'
    return f'<figure><div class="stack">{layers}</div><figcaption>{html.escape(caption)}</figcaption></figure>'


def breeds(runs: list[Run]) -> list[str]:
    """The breeds of the photos that these runs scored, in alphabetical order; first all of them."""
    names = {breed(photo) for run in runs for photo in read_images(run).index}
    return [ALL_BREEDS, *sorted(names, key=str.lower)]


def open_spot_tab(catalogue: Catalogue, names: list[str] | None, rank_by: str, score: str, chosen_breed: str) -> list:
    """What the tab shows when it is opened: choices of runs and breeds, then as `spot_check`.

    Args:
        names: the runs chosen here before, or in another tab; None chooses the first.
    """
    runs = catalogue.with_photo_scores()
    there = [run.name for run in runs]
    chosen = [name for name in names or [] if name in there] or there[:FIRST_CHOICES]
    try:
        offered = breeds(runs[:1])
    except InputError:  # `spot_check` says why
        offered = [ALL_BREEDS]
    return [
        gr.update(choices=choices(runs), value=chosen, visible=bool(runs)),
        gr.update(choices=offered),
        *spot_check(catalogue, chosen, rank_by, score, chosen_breed),
    ]


def build_spot_tab(page: Page) -> None:
    catalogue, dataset = page.catalogue, page.dataset
    with gr.Row():
        rank_by = gr.Radio(RANKINGS, value=HARDEST, label="Rank by", elem_id="spot-ranking", scale=3, min_width=300)
        score = gr.Dropdown(
            [(score.title, score.name) for score in appearing(Place.PHOTOS)],
            value=CHOSEN_FIRST.name,
            label="Score",
            elem_id="spot-score",
            min_width=160,
        )
        chosen_breed = gr.Dropdown(
            [ALL_BREEDS], value=ALL_BREEDS, label="Breed", elem_id="spot-breed", min_width=160, filterable=True
        )
    runs = gr.CheckboxGroup(label="Runs", elem_id="spot-runs")
    explanation = gr.Markdown(elem_id="spot-explanation")
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            table = gr.Dataframe(
                interactive=False, label="Photos", elem_id="spot-table", visible=False, wrap=True, max_height=460
            )
        with gr.Column(scale=2, min_width=300):
            detail = gr.HTML(NOTHING_CHOSEN, elem_id="spot-detail")
    figure = figure_view("spot-figure")
    photo, reason = gr.State(None), gr.State("")
    inputs, outputs = [runs, rank_by, score, chosen_breed], [explanation, table, figure]

    gr.on(
        [runs.input, rank_by.input, score.input, chosen_breed.input],
        lambda *chosen: spot_check(catalogue, *chosen),
        inputs=inputs,
        outputs=outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )

    def select(names: list[str], rank_by: str, event: gr.SelectData) -> tuple[str, str, str]:
        _, chosen, *rest = event.row_value
        why = rest[-1] if rank_by == SUSPICION else ""
        return chosen, why, look(catalogue, dataset, chosen, names, why)

    table.select(select, [runs, rank_by], [photo, reason, detail], show_progress="hidden", api_visibility="private")
    runs.input(
        lambda chosen, names, why: look(catalogue, dataset, chosen, names, why),
        [photo, runs, reason],
        detail,
        show_progress="hidden",
        api_visibility="private",
    )
    # read when it is first looked at: the scores of thousands of photos take a moment
    page.tab.select(
        lambda *chosen: open_spot_tab(catalogue, *chosen),
        inputs=inputs,
        outputs=[runs, chosen_breed, *outputs],
        show_progress="minimal",
        api_visibility="private",
    )
