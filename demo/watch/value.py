"""All that the page needs to show runs by epoch: where their mosaics are, their scores, their colours."""

import numpy as np

from demo.catalogue import NO_RUNS, Catalogue, lost_sentence, run_titles
from demo.figures.styles import Style, styles
from demo.selection.described import minutes_left
from demo.serving.pictures import mosaic_url, prediction_url
from demo.watch.own_photo import epoch_weights
from demo.watch.probe_photos import ProbePhotos
from experiments.comparison.configurations import configurations
from experiments.scores import Place, appearing
from experiments.store.probe import read_layout
from experiments.store.runs import BadRun, Run
from seg.pets import CLASS_COLOURS, CLASS_NAMES, TEST

# Of runs of one loss, which have one colour: an SVG line's dashes
DASHES = {"solid": "", "dash": "6 3", "dot": "2 3", "dashdot": "8 3 2 3"}


def watch_value(catalogue: Catalogue, photos: ProbePhotos, names: list[str]) -> dict:
    """All that the page needs to show these runs by epoch.

    Returns:
        `message`: what to say instead of, or beside, the pictures; `classes`, each with name and colour; `scores`, the
        names of those that are shown; `runs`, each with name, title, colour, symbol, dash, status, epochs trained,
        epochs planned, minutes left (None: unknown), the networks' side in pixels [[epoch, side], ...] from each
        epoch on at which it is another, tile size, columns, tiles, photos and truth (URL or None), mosaics
        {epoch: URL}, scores {epoch: {score: fraction or None}} and the epochs whose weights were kept.
    """
    runs, without, damaged = [], [], []
    wanted = catalogue.chosen(names)
    chosen = [run for run in wanted if not run.epochs.empty]
    titles, styled = run_titles(chosen), styles(configurations(chosen))
    for run in chosen:
        try:
            described = _run_value(run, titles[run.name], styled[run.name], photos)
        except BadRun as error:
            damaged.append(f"{titles[run.name]} is left out: {catalogue.for_visitors(str(error))}.")
            continue
        if described is None:
            without.append(titles[run.name])
        else:
            runs.append(described)
    all_titles = run_titles(wanted)
    young = [all_titles[run.name] for run in wanted if run.epochs.empty]
    lost = lost_sentence(names, catalogue.runs())
    said = [lost]
    if young:
        said.append(f"{' and '.join(young)}: no epoch is trained and scored yet; what it finds appears here by itself.")
    if without:
        said.append(f"{' and '.join(without)}: no predictions were kept; choose another run above.")
    said += damaged
    if not catalogue.runs():
        said = [NO_RUNS]
    elif not wanted and not lost:
        said.append("Choose at least one run above.")
    return _value(" ".join(filter(None, said)), runs)


def empty_value() -> dict:
    """`watch_value` of no runs, without a word: before the page has opened."""
    return _value("", [])


def _value(message: str, runs: list[dict]) -> dict:
    classes = [{"name": name, "colour": colour} for name, colour in zip(CLASS_NAMES, CLASS_COLOURS, strict=True)]
    # the first is shown where nobody has chosen one
    scores = {score.name: score.short or score.noun for score in appearing(Place.SCRUBBER)}
    return {"message": message, "classes": classes, "scores": scores, "runs": runs}


def _run_value(run: Run, title: str, style: Style, photos: ProbePhotos) -> dict | None:
    """What the page knows of one run; None where it has kept no predictions.

    Raises:
        BadRun: what says where they are is damaged.
    """
    layout = read_layout(run.folder)
    if layout is None or not layout["tiles"]:
        return None
    mosaics, scores = {}, {}
    for row in run.epochs.to_dict("records"):
        epoch = int(row["epoch"])
        url = prediction_url(run, epoch)
        if url is not None:
            mosaics[str(epoch)] = url
            scores[str(epoch)] = {
                score.name: None if np.isnan(row[score.name]) else round(float(row[score.name]), 5)
                for score in appearing(Place.SCRUBBER)
            }
    if not mosaics:
        return None
    pictures, truth = photos.mosaic(layout), photos.truth(layout)
    tiles = [
        {"name": tile["name"], "sample": tile["source"] != TEST, "photo": photo, "truth": labelled}
        for tile, photo, labelled in zip(layout["tiles"], pictures.present, truth.present, strict=True)
    ]
    return {
        "name": run.name,
        "title": title,
        "colour": style.colour,
        "symbol": style.symbol,
        "dash": DASHES[style.dash],
        "status": run.status,
        "epochs": run.epochs_trained,
        "planned": run.epochs_planned,
        "left": minutes_left(run),
        "sides": _sides(run),
        "tile": layout["tile"],
        "columns": layout["columns"],
        "tiles": tiles,
        "photos": pictures.path and mosaic_url(pictures.path),
        "truth": truth.path and mosaic_url(truth.path),
        "mosaics": mosaics,
        "scores": scores,
        "weights": sorted(epoch_weights(run)),
    }


def _sides(run: Run) -> list[list[int]]:
    sides = [[epoch, run.network_side(epoch)] for epoch in range(1, run.epochs_trained + 1)]
    return [now for before, now in zip([[0, 0], *sides], sides, strict=False) if before[1] != now[1]]
