"""A photo of one's own in Watch: its mask by the weights that a run kept of each epoch."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from demo.catalogue import Catalogue, last_change
from demo.checkpoints import segmented
from demo.images import data_uri
from demo.photo import SmallPhoto, shrunk
from demo.serving.words import spoken
from demo.stage.photos import Offered
from demo.uploads import entry, text, uploaded_file, whole_number
from experiments.store.folder import kept_epochs
from experiments.store.probe import read_layout
from experiments.store.runs import Run
from seg import InputError
from seg.checkpoint import BadCheckpoint
from seg.pets import indexed_image

# The page asks for one mask after another; many pages at once would only slow each other down
_ONE_AT_A_TIME = threading.Lock()


def epoch_weights(run: Run) -> dict[int, Path]:
    """The weights that the run has kept, by epoch, of those that it has trained."""
    return {epoch: path for epoch, path in kept_epochs(run.folder).items() if epoch <= run.epochs_trained}


@dataclass(frozen=True)
class Tile:
    """An uploaded photo, of which nothing is asked that is larger than a tile of the mosaics.

    Attributes:
        picture: RGB, of the size of a tile: a process that has a lent GPU knows of no uploads.
    """

    picture: Image.Image

    def at(self, side: int) -> SmallPhoto:
        """For a network of this side."""
        return shrunk(self.picture, side)


def uploaded_tile(path: str, side: int) -> Tile:
    """The photo in the file that the page says.

    Args:
        side: of a tile, in pixels.

    Raises:
        InputError: no uploaded file, not an image, damaged, or too large.
    """
    file = uploaded_file(path)
    return Tile(Offered(file.name, file).at(side).pixels)


def epoch_mask(path: str, run: Run, epoch: int) -> np.ndarray:
    """The classes (tile, tile) uint8 that the run's weights of this epoch give an uploaded photo.

    Raises:
        InputError: the photo or the checkpoint cannot be used.
    """
    weights, layout = epoch_weights(run).get(epoch), read_layout(run.folder)
    changed = None if weights is None else last_change(weights)
    if weights is None or changed is None or layout is None:
        raise _no_weights(run, epoch)
    with _ONE_AT_A_TIME:
        try:
            return _mask(path, layout["tile"], weights, changed)
        except BadCheckpoint as error:
            if last_change(weights) is None:
                raise _no_weights(run, epoch) from error
            raise


def _no_weights(run: Run, epoch: int) -> InputError:
    return InputError(
        f"{run.name} has no weights of epoch {epoch} here: reload the page, or train it again with --keep-epochs."
    )


@lru_cache(maxsize=2048)  # 16 kB each
def _mask(path: str, side: int, weights: Path, changed: int) -> np.ndarray:
    return segmented(uploaded_tile(path, side), weights)[0].mask()


def forget_masks() -> None:
    """Remember nothing that was made of a photo that was uploaded."""
    _mask.cache_clear()


def own_functions(catalogue: Catalogue) -> list[Callable[[object], dict]]:
    """What the page calls as `server.own_photo(…)` and `server.own_mask(…)`; each answers `error`, or a picture."""

    def chosen(asked: object) -> Run:
        name = text(asked, "run")
        runs = catalogue.chosen([name])
        if not runs:
            raise InputError(f"{name[:100]} is gone: reload the page.")
        return runs[0]

    @spoken
    def own_photo(asked: object) -> dict:
        layout = read_layout(chosen(asked).folder) or {"tile": 128}
        return {"picture": data_uri(uploaded_tile(text(asked, "path"), layout["tile"]).picture, "JPEG")}

    @spoken
    def own_mask(asked: object) -> dict:
        run, epoch = chosen(asked), whole_number(entry(asked, "epoch"))
        try:
            mask = epoch_mask(text(asked, "path"), run, epoch)
        except InputError as error:
            raise InputError(catalogue.for_visitors(str(error))) from error
        return {"picture": data_uri(indexed_image(mask), "PNG")}

    return [own_photo, own_mask]
