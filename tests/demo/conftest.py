"""A photo that somebody hands to the app, runs that end alike, and runs whose files vanish under it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from demo.catalogue import Catalogue
from demo.serving.folder import own_folder
from seg.pets import photo_path


@pytest.fixture(scope="session", autouse=True)
def folder_of_this_process() -> Path:
    """Where it keeps visitors' files; made before a test says that they are elsewhere."""
    return own_folder().path


@pytest.fixture
def photo(tmp_path, tiny_pets) -> Path:
    """A photo that a camera held upright stored on its side: 30 x 50 as seen."""
    path = tmp_path / "upright.jpg"
    with Image.open(photo_path(tiny_pets, "pug_1")) as image:
        sideways = image.resize((50, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(path, exif=exif)
    return path


@pytest.fixture(scope="session")
def even_runs(tiny_runs, tmp_path_factory) -> Path:
    """`tiny_runs`, where `ce-s0` says that it was trained for three epochs, too: read them only."""
    folder = Path(shutil.copytree(tiny_runs, tmp_path_factory.mktemp("even-runs") / "runs"))
    info = json.loads((folder / "ce-s0" / "run.json").read_text())
    info["options"]["epochs"] = 3
    (folder / "ce-s0" / "run.json").write_text(json.dumps(info))
    epochs = pd.read_csv(folder / "ce-s0" / "epochs.csv")
    longer = pd.concat([epochs.iloc[:2], epochs.iloc[1:]]).assign(epoch=range(4))
    longer.to_csv(folder / "ce-s0" / "epochs.csv", index=False)
    return folder


@pytest.fixture
def own_runs(tiny_runs, tmp_path) -> Path:
    """A folder of `ce-s0` and `focal-s0` that a test may change."""
    return Path(shutil.copytree(tiny_runs, tmp_path / "runs"))


@pytest.fixture
def delete() -> Callable[[Path], None]:
    """`delete(path)`: a file, or a folder whole."""
    return lambda path: shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def vanishing(own_runs, delete) -> Callable[..., Catalogue]:
    """`vanishing("with_checkpoint", "focal-s0")`: `own_runs`, of which a file or a folder is deleted once listed."""

    def catalogue(listing: str, path: str) -> Catalogue:
        def list_then_delete(self: Catalogue, *names: list[str]) -> list:
            found = getattr(Catalogue, listing)(self, *names)
            if (own_runs / path).exists():
                delete(own_runs / path)
            return found

        return type("Vanishing", (Catalogue,), {listing: list_then_delete})((own_runs,))

    return catalogue
