"""Of what a file says beside its pixels nothing is in what is made of a photo, whose colours are those it shows."""

import asyncio
import base64
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from demo.agents import tools
from demo.agents.photo import received
from demo.api import segment_api
from demo.catalogue import Catalogue
from demo.failures.photo import photo_value, small_pictures
from demo.labelled import Labelled
from demo.segment.answers import Session
from demo.segment.download import pack, write_download
from demo.serving.folder import new_folder
from demo.stage.photos import Offered, chosen_photo, offered_photo, shown_photo
from demo.watch.export import export_functions
from demo.watch.own_photo import uploaded_tile
from demo.watch.probe_photos import ProbePhotos, tile_function
from experiments import segment
from seg.pets import photo_path
from tests.seg.test_photo_metadata import profile

# What a file is given to say, each in a place of its own
SECRETS = {name: f"secret-{name}" for name in ("artist", "place", "note", "packet", "comment", "camera", "text")}
MARKS = [text.encode() for text in (*SECRETS.values(), "52.5163", "adobe:ns:meta", "mine IEC", "Exif\0")]
# Red and blue change places by its profile: who sees the one sees that profile
STORED, SHOWN = (250, 100, 20), (20, 100, 250)


def telling(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    """A photo of one colour that says where, with what, and by whom it was taken."""
    exif = Image.Exif()
    exif[0x013B], exif[0x010F], exif[0x010E] = SECRETS["artist"], SECRETS["camera"], SECRETS["note"]
    exif.get_ifd(0x8825).update({1: "N", 2: (52.5163, 0.0, 0.0), 0x1B: SECRETS["place"].encode()})
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRETS["packet"]}</x:xmpmeta>'.encode()
    told: dict = {"exif": exif, "icc_profile": profile(), "dpi": (300, 300)}
    if path.suffix == ".png":
        text = PngInfo()
        text.add_text("Comment", SECRETS["comment"])
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        text.add_text("parameters", SECRETS["text"], zip=True)
        told["pnginfo"] = text
    else:
        told |= {"xmp": xmp, "comment": SECRETS["comment"].encode(), "quality": 100, "subsampling": 0}
    if path.suffix == ".webp":
        told = {key: told[key] for key in ("exif", "icc_profile", "xmp")} | {"lossless": True}
    Image.new("RGB", size, STORED).save(path, **told)
    return path


@pytest.fixture(params=[".jpg", ".png", ".webp"])
def photo(request) -> Iterator[Path]:
    """Uploaded."""
    with new_folder() as folder:
        path = telling(folder / f"cat{request.param}")
    assert any(mark in path.read_bytes() for mark in MARKS)
    yield path


@pytest.fixture
def catalogue(tiny_runs) -> Catalogue:
    return Catalogue((tiny_runs,))


@pytest.fixture
def told_pets(own_pets) -> Labelled:
    """The drawn dataset, one of whose photos tells of itself."""
    path = photo_path(own_pets, "Bengal_35")
    with Image.open(path) as drawn:
        size = drawn.size
    telling(path, size)
    return Labelled(own_pets)


def assert_tells_nothing(content: bytes) -> None:
    assert [mark for mark in MARKS if mark in content] == []
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        assert not picture.getexif() and not {"comment", "xmp", "icc_profile", "dpi", "Comment"} & picture.info.keys()


def assert_shows(picture: Image.Image, near: float = 6) -> None:
    seen = np.asarray(picture.convert("RGBA"), float).reshape(-1, 4)
    seen = seen[seen[:, 3] == 255][:, :3]
    assert len(seen) and np.abs(np.median(seen, axis=0) - SHOWN).max() < near


def of_data(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_page_s_pictures(photo, tmp_path):
    offered = chosen_photo({"path": str(photo), "title": "cat"}, Labelled(tmp_path))
    for picture in (offered.thumb, shown_photo(offered)[0].uri):
        assert_tells_nothing(of_data(picture))
        assert_shows(opened(of_data(picture)))
    assert_shows(uploaded_tile(str(photo), 32).picture)


@pytest.mark.parametrize("what", ["mask", "cutout"])
def test_downloads(catalogue, photo, what):
    session = Session(photo=Offered(photo.name, photo), runs=["ce-s0"])
    for shift in (0, 2, -2):
        content = Path(write_download(catalogue, session, ["ce-s0"], what, "ce-s0", shift)).read_bytes()
        assert_tells_nothing(content)
    if what == "cutout" and np.asarray(opened(content))[..., 3].any():
        assert_shows(opened(content), near=2)


def test_archives(catalogue, photo):
    offered = Offered(photo.name, photo)
    *_, packed = pack(catalogue, ["ce-s0", "focal-s0"], [offered])
    with zipfile.ZipFile(packed.path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert [mark for mark in MARKS if mark in content] == [], name
            if name.endswith(".png"):
                assert_tells_nothing(content)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_animations(photo, kind):
    (write_animation,) = export_functions()
    url = write_animation({"frames": [str(photo)], "kind": kind})["url"]
    content = Path(url.partition("=")[2]).read_bytes()
    assert_tells_nothing(content)
    assert_shows(opened(content), near=30)  # GIF has few colours


def test_what_programs_and_agents_get(catalogue, photo):
    mask, _ = segment_api(catalogue, str(photo), "ce-s0")
    assert_tells_nothing(Path(mask).read_bytes())
    with ThreadPoolExecutor() as beside:  # in this thread a browser may have a loop of its own
        content, name = beside.submit(asyncio.run, received(str(photo))).result()
    picture, mask, _ = tools.segmented(catalogue, content, name, "ce-s0")
    assert_tells_nothing(picture)
    assert_tells_nothing(Path(mask).read_bytes())


def test_what_the_command_writes(photo, tiny_runs, tmp_path):
    pictures = ["--as", "mask", "overlay", "cut-out"]
    options = ["--run", str(tiny_runs / "ce-s0"), "--out", str(tmp_path / "made")]
    assert segment.main([str(photo), *pictures, *options]) == 0
    made = list((tmp_path / "made").glob("*.png"))
    assert len(made) == 3
    for path in made:
        assert_tells_nothing(path.read_bytes())


def test_photos_of_the_dataset_are_shown_in_their_colours_and_as_they_lie(told_pets, catalogue):
    offered = offered_photo("Bengal_35", told_pets)
    pictures = [
        offered.thumb,
        shown_photo(offered)[0].uri,
        small_pictures(told_pets, ["Bengal_35"])["Bengal_35"],
        photo_value(catalogue, told_pets, "Bengal_35", [])["photo"]["uri"],
        tile_function(ProbePhotos(told_pets))("Bengal_35")["picture"],
    ]
    for picture in pictures:
        assert_tells_nothing(of_data(picture))
        assert_shows(opened(of_data(picture)))
    layout = {"tile": 16, "columns": 7, "tiles": [{"name": "Bengal_35", "source": "test"}]}
    mosaic = ProbePhotos(told_pets).mosaic(layout).path.read_bytes()
    assert_tells_nothing(mosaic)
    assert_shows(opened(mosaic).crop((0, 0, 16, 16)))
    session = Session(photo=offered, runs=["ce-s0"])
    cut = Path(write_download(catalogue, session, ["ce-s0"], "cutout", "ce-s0", 0)).read_bytes()
    assert_tells_nothing(cut)
    if np.asarray(opened(cut))[..., 3].any():
        assert_shows(opened(cut), near=2)


def test_networks_learn_from_what_a_person_sees(told_pets):
    assert_shows(Image.fromarray(told_pets.pair("Bengal_35").read_square(8)))
