"""All that the page needs to scrub runs: where their mosaics are, their scores, their colours."""

from pathlib import Path
from urllib.parse import quote

import numpy as np

from demo.catalogue import NO_RUNS, Catalogue, last_change, lost_sentence, run_titles
from demo.scrub.own_photo import epoch_weights
from demo.scrub.probe_photos import ProbePhotos
from experiments.scores import Place, appearing
from experiments.store.probe import mosaic_path, read_layout
from experiments.store.runs import Run
from seg.losses import loss_colour
from seg.pets import CLASS_COLOURS, TEST

# Where only errors or changes are drawn, background is a class to be seen like the others
BACKGROUND_MARK = "#CC79A7"
# Of runs of one loss, which have one colour: an SVG line's dashes
DASHES = ("", "6 3", "2 3", "8 3 2 3")


def scrub_value(catalogue: Catalogue, photos: ProbePhotos, names: list[str]) -> dict:
    """All that the page needs to scrub these runs.

    Returns:
        `message`: what to say instead of, or beside, the pictures; `colours` of the classes; `scores`, the names of
        those that are shown; `runs`, each with name, title, colour, tile
        size, columns, tiles, photos and truth (URL or None), mosaics {epoch: URL}, scores {epoch: {score: fraction
        or None}} and the epochs whose weights were kept.
    """
    runs, left_out = [], []
    seen: dict[str, int] = {}
    chosen = [run for run in catalogue.chosen(names) if not run.epochs.empty]
    titles = run_titles(chosen)
    for run in chosen:
        described = _run_value(run, titles[run.name], photos, seen)
        if described is None:
            left_out.append(titles[run.name])
        else:
            runs.append(described)
    lost = lost_sentence(names, catalogue.runs())
    if not catalogue.scored():
        message = NO_RUNS.replace("`", "")
    elif not runs and not left_out:
        message = "" if lost else "Choose at least one run above."
    elif left_out:
        message = f"No predictions were kept for {', '.join(left_out)}."
    elif any(not tile["photo"] for run in runs for tile in run["tiles"]):
        message = (
            "The validation photos are not shipped: their masks are shown alone, below the samples. To see the photos, "
            "run python -m experiments.fetch --data data, then start the app again."
        )
    else:
        message = ""
    return _value(" ".join(filter(None, [lost, message])), runs)


def empty_value() -> dict:
    """`scrub_value` of no runs, without a word: before the page has opened."""
    return _value("", [])


def _value(message: str, runs: list[dict]) -> dict:
    colours = [*CLASS_COLOURS, BACKGROUND_MARK]
    # under each run's name while scrubbing; the first is the curve's first choice
    scores = {score.name: score.short or score.noun for score in appearing(Place.SCRUBBER)}
    return {"message": message, "colours": colours, "scores": scores, "runs": runs}


def _run_value(run: Run, title: str, photos: ProbePhotos, seen: dict[str, int]) -> dict | None:
    layout = read_layout(run.folder)
    if layout is None or not layout["tiles"]:
        return None
    mosaics, scores = {}, {}
    for row in run.epochs.to_dict("records"):
        epoch = int(row["epoch"])
        url = _url(mosaic_path(run.folder, epoch))
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
    colour = loss_colour(run.loss)
    before = seen[colour] = seen.get(colour, -1) + 1
    return {
        "name": run.name,
        "title": title,
        "colour": colour,
        "dash": DASHES[before % len(DASHES)],
        "tile": layout["tile"],
        "columns": layout["columns"],
        "tiles": tiles,
        "photos": pictures.path and _url(pictures.path),
        "truth": truth.path and _url(truth.path),
        "mosaics": mosaics,
        "scores": scores,
        "weights": sorted(epoch_weights(run)),
    }


def _url(path: Path) -> str | None:
    """A URL of a served file that changes with its content, so that no browser shows an old one; None of no file."""
    changed = last_change(path)
    return None if changed is None else f"gradio_api/file={quote(str(path.resolve()))}?v={changed}"
