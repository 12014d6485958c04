"""The Scrub tab: predictions on the probe photos, epoch by epoch, all runs on one slider.

The page fetches each mosaic once and draws from memory: sliding makes no request.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import gradio as gr
import numpy as np
from PIL import Image

from demo.address import Address
from demo.catalogue import FIRST_CHOICES, NO_RUNS, Catalogue, choices
from demo.scripts import on_load
from demo.scrub.export import export_functions
from demo.scrub.own_photo import epoch_weights, own_functions
from demo.tabs import Opening, Page
from experiments.scores import Place, appearing
from experiments.store.probe import mosaic, mosaic_path, read_layout, sample_photos
from experiments.store.runs import Run
from seg import InputError
from seg.losses import loss_colour
from seg.pets import BACKGROUND, CLASS_COLOURS, TEST, indexed_image, photo_path, read_trimap, trimap_path
from seg.photo import read_square

FOLDER = Path(__file__).parent
# Where only errors or changes are drawn, background is a class to be seen like the others
BACKGROUND_MARK = "#CC79A7"
# Of runs of one loss, which have one colour: an SVG line's dashes
DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True)
class Mosaic:
    """A served picture of tiles, and which of them it truly has; `path` is None where it has none."""

    path: Path | None
    present: tuple[bool, ...]


@dataclass(frozen=True)
class ProbePhotos:
    """Where the probe's photos and trimaps come from, and the folder their mosaics are served from.

    Attributes:
        dataset: the folder holding `oxford-iiit-pet/`; without it validation tiles have no photo and no truth.
        built: mosaics by what they were made of: runs of one layout share them.
    """

    dataset: Path
    served: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="borderline-")))
    built: dict[tuple, Mosaic] = field(default_factory=dict)

    def find(self, tile: dict) -> Path | None:
        """The photo behind a tile of `probe.json`; None where it is not on this machine."""
        if tile["source"] == TEST:
            path = photo_path(self.dataset, Path(tile["name"]).name)
            return path if path.is_file() else None
        return sample_photos().get(tile["name"])

    def find_pair(self, tile: dict) -> tuple[Path, Path] | None:
        """The trimap of a validation tile and the photo it must fit; samples have none."""
        photo = self.find(tile)
        if photo is None or tile["source"] != TEST:
            return None
        trimap = trimap_path(self.dataset, Path(tile["name"]).name)
        return (trimap, photo) if trimap.is_file() else None

    def mosaic(self, layout: dict) -> Mosaic:
        """The photos of these tiles as one JPEG."""
        missing = np.zeros((layout["tile"], layout["tile"], 3), np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            channels = [mosaic(np.stack([tile[..., channel] for tile in tiles])) for channel in range(3)]
            Image.fromarray(np.stack(channels, axis=-1)).save(target, "JPEG", quality=92)

        found = [path and (path,) for path in map(self.find, layout["tiles"])]
        return self._build("photos", ".jpg", layout["tile"], found, read_square, missing, write)

    def truth(self, layout: dict) -> Mosaic:
        """The trimaps of these tiles as one indexed PNG, as the runs' mosaics of predictions are."""
        missing = np.full((layout["tile"], layout["tile"]), BACKGROUND, np.uint8)

        def write(tiles: list[np.ndarray], target: Path) -> None:
            indexed_image(mosaic(np.stack(tiles))).save(target, "PNG", optimize=True)

        found = [self.find_pair(tile) for tile in layout["tiles"]]
        return self._build("truth", ".png", layout["tile"], found, read_trimap, missing, write)

    def _build(
        self,
        kind: str,
        suffix: str,
        side: int,
        found: list[tuple[Path, ...] | None],
        read: Callable[..., np.ndarray],
        missing: np.ndarray,
        write: Callable[[list[np.ndarray], Path], None],
    ) -> Mosaic:
        """One picture of the tiles that `read(*files, side)` gives, for each tile the files it is found in."""
        stamps = tuple(files and tuple((str(path), path.stat().st_mtime_ns) for path in files) for files in found)
        key = (kind, side, stamps)
        if key in self.built:
            return self.built[key]
        tiles = []
        for files in found:
            try:
                tiles.append(None if files is None else read(*files, side))
            except InputError:
                tiles.append(None)  # a damaged picture is shown as a missing one
        present = tuple(tile is not None for tile in tiles)
        target = None
        if any(present):
            target = self.served / f"{kind}-{hash(key) & 0xFFFFFFFF:08x}{suffix}"
            write([missing if tile is None else tile for tile in tiles], target)
        self.built[key] = Mosaic(target, present)
        return self.built[key]


def scrub_value(catalogue: Catalogue, photos: ProbePhotos, names: list[str]) -> dict:
    """All that the page needs to scrub these runs.

    Returns:
        `message`: what to say instead of, or beside, the pictures; `colours` of the classes; `scores`, the names of
        those that are shown; `epoch` to begin with, None for the last; `runs`, each with name, colour, tile
        size, columns, tiles, photos and truth (URL or None), mosaics {epoch: URL}, scores {epoch: {score: fraction
        or None}} and the epochs whose weights were kept.
    """
    runs, left_out = [], []
    seen: dict[str, int] = {}
    for run in catalogue.chosen(names):
        described = _run_value(run, photos, seen)
        if described is None:
            left_out.append(run.name)
        else:
            runs.append(described)
    if not catalogue.scored():
        message = NO_RUNS.replace("`", "")
    elif not runs and not left_out:
        message = "Choose at least one run."
    elif left_out:
        message = f"No predictions were kept for {', '.join(left_out)}."
    elif any(not tile["photo"] for run in runs for tile in run["tiles"]):
        message = (
            "The validation photos are not shipped: their masks are shown alone, below the samples. To see the photos, "
            "run python -m experiments.fetch --data data, then start the app again."
        )
    else:
        message = ""
    return _value(message, runs)


def _value(message: str, runs: list[dict]) -> dict:
    colours = [*CLASS_COLOURS, BACKGROUND_MARK]
    # under each run's name while scrubbing; the first is the curve's first choice
    scores = {score.name: score.short or score.noun for score in appearing(Place.SCRUBBER)}
    return {"message": message, "colours": colours, "scores": scores, "epoch": None, "runs": runs}


def _run_value(run: Run, photos: ProbePhotos, seen: dict[str, int]) -> dict | None:
    layout = read_layout(run.folder)
    if layout is None or not layout["tiles"]:
        return None
    mosaics, scores = {}, {}
    for row in run.epochs.to_dict("records"):
        epoch = int(row["epoch"])
        path = mosaic_path(run.folder, epoch)
        if path.is_file():
            mosaics[str(epoch)] = _url(path)
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


def _url(path: Path) -> str:
    """A URL of a served file that changes with its content, so that no browser shows an old one."""
    return f"gradio_api/file={quote(str(path.resolve()))}?v={path.stat().st_mtime_ns}"


def build_scrub_tab(page: Page) -> Opening:
    catalogue, photos = page.catalogue, ProbePhotos(page.dataset)
    gr.set_static_paths([photos.served])
    runs = gr.CheckboxGroup(label="Runs", elem_id="scrub-runs")
    view = gr.HTML(
        _value("", []),
        html_template=(FOLDER / "scrub.html").read_text(),
        js_on_load=on_load("scrub/js/scrub.js"),
        apply_default_css=False,
        server_functions=[*own_functions(catalogue), *export_functions(photos.served)],
        elem_id="scrub-view",
    )
    runs.input(
        lambda names: scrub_value(catalogue, photos, names),
        inputs=runs,
        outputs=view,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    runs.input(None, inputs=runs, js="(names) => borderlineAddress({ runs: names })", api_visibility="private")

    def fill(address: Address) -> list:
        scored = catalogue.scored()
        shown = [run.name for run in scored if run.name in (address.runs or ())]
        shown = shown or [run.name for run in scored[:FIRST_CHOICES]]
        return [
            gr.update(choices=choices(scored), value=shown, visible=bool(scored)),
            scrub_value(catalogue, photos, shown) | {"epoch": address.epoch},
        ]

    def follow_point(point: dict, names: list[str]) -> list:
        """Show the run and the epoch of a point of a figure, beside the runs that are there."""
        shown = names if point["run"] in names else [*names, point["run"]]
        value = scrub_value(catalogue, photos, shown) | {"epoch": point["epoch"]}
        return [gr.update(selected=page.tab.id), gr.update(value=shown), value]

    page.point.click(
        follow_point,
        inputs=[page.point, runs],
        outputs=[page.tabs, runs, view],
        show_progress="hidden",
        api_visibility="private",
    )
    return Opening([runs, view], fill)
