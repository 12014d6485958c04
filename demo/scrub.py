"""The Scrub tab: predictions on the probe photos, epoch by epoch, all runs on one slider.

The page fetches each mosaic once and draws from memory: sliding makes no request.
"""

import io
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import gradio as gr
import numpy as np
from PIL import Image

from demo.catalogue import NO_RUNS, Catalogue, describe
from experiments.probe import COLUMNS, sample_photos
from experiments.runs import Run
from seg.data import UNREADABLE
from seg.palette import CLASS_COLOURS

FOLDER = Path(__file__).parent
# The scores under each run's name while scrubbing, with their short names
SHOWN_SCORES = {
    "pixel_accuracy": "pixel accuracy",
    "border_recall": "border recall",
    "border_precision": "precision",
    "border_f1": "F1",
    "border_iou": "IoU",
}


@dataclass(frozen=True)
class ProbePhotos:
    """Where the probe's photos come from, and the folder their mosaics are served from.

    Attributes:
        dataset: the folder holding `oxford-iiit-pet/`; without it validation tiles have no photo.
    """

    dataset: Path
    served: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="borderline-")))

    def find(self, tile: dict) -> Path | None:
        """The photo behind a tile of `probe.json`; None where it is not on this machine."""
        if tile["source"] == "test":
            path = self.dataset / "oxford-iiit-pet" / "images" / f"{Path(tile['name']).name}.jpg"
            return path if path.is_file() else None
        return sample_photos().get(tile["name"])

    def mosaic(self, layout: dict) -> tuple[Path, list[bool]]:
        """The photos of these tiles as one JPEG, and which tiles have one."""
        size, tiles = layout["tile"], layout["tiles"]
        rows = max(1, -(-len(tiles) // COLUMNS))
        mosaic = Image.new("RGB", (COLUMNS * size, rows * size))
        present = []
        for index, tile in enumerate(tiles):
            path = self.find(tile)
            if path is not None:
                try:
                    with Image.open(path) as photo:
                        resized = photo.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
                except UNREADABLE:
                    path = None  # a damaged photo is shown as a missing one: the mask still is
                else:
                    mosaic.paste(resized, (index % COLUMNS * size, index // COLUMNS * size))
            present.append(path is not None)
        file = io.BytesIO()
        mosaic.save(file, "JPEG", quality=90)
        target = self.served / f"photos-{hash(file.getvalue()) & 0xFFFFFFFF:08x}.jpg"
        target.write_bytes(file.getvalue())
        return target, present


def scrub_value(catalogue: Catalogue, photos: ProbePhotos, names: list[str]) -> dict:
    """All that the page needs to scrub these runs.

    Returns:
        `message`: what to say instead of, or beside, the pictures; `colours`; `runs`, each with name,
        label, tile size, columns, tiles, photos (URL), mosaics {epoch: URL} and scores {epoch: text}.
    """
    runs, left_out = [], []
    for run in catalogue.chosen(names):
        described = _run_value(run, photos)
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
    return {"message": message, "colours": CLASS_COLOURS, "runs": runs}


def _run_value(run: Run, photos: ProbePhotos) -> dict | None:
    layout = run.probe_layout()
    if layout is None or not layout["tiles"]:
        return None
    mosaics, scores = {}, {}
    for row in run.epochs.to_dict("records"):
        epoch = int(row["epoch"])
        path = run.mosaic(epoch)
        if path.is_file():
            mosaics[str(epoch)] = _url(path)
            scores[str(epoch)] = " · ".join(
                f"{short} {'–' if np.isnan(row[score]) else f'{row[score]:.1%}'}"
                for score, short in SHOWN_SCORES.items()
            )
    if not mosaics:
        return None
    picture, present = photos.mosaic(layout)
    tiles = [
        {"name": tile["name"], "sample": tile["source"] != "test", "photo": there}
        for tile, there in zip(layout["tiles"], present, strict=True)
    ]
    return {
        "name": run.name,
        "label": describe(run),
        "tile": layout["tile"],
        "columns": layout["columns"],
        "tiles": tiles,
        "photos": _url(picture),
        "mosaics": mosaics,
        "scores": scores,
    }


def _url(path: Path) -> str:
    """A URL of a served file that changes with its content, so that no browser shows an old one."""
    return f"gradio_api/file={quote(str(path.resolve()))}?v={path.stat().st_mtime_ns}"


@dataclass(frozen=True)
class ScrubTab:
    runs: gr.CheckboxGroup
    view: gr.HTML


def build_scrub_tab(catalogue: Catalogue, photos: ProbePhotos) -> ScrubTab:
    runs = gr.CheckboxGroup(label="Runs", elem_id="scrub-runs")
    view = gr.HTML(
        {"message": "", "colours": CLASS_COLOURS, "runs": []},
        html_template=(FOLDER / "scrub.html").read_text(),
        js_on_load=(FOLDER / "scrub.js").read_text(),
        apply_default_css=False,
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
    return ScrubTab(runs, view)
