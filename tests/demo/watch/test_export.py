"""Frames that a page has drawn become one animated file."""

from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import unquote

import numpy as np
import pytest
from gradio.utils import get_upload_folder
from PIL import Image, ImageColor

import demo
from demo.sharing.room import LARGE
from demo.watch.export import ERROR_COLOURS, export_functions
from seg.pets import BORDER, CLASS_COLOURS


@pytest.fixture
def uploads(tmp_path, monkeypatch) -> Path:
    """Gradio's folder of uploaded files."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    assert Path(get_upload_folder()) == tmp_path / "uploads"
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def write():
    (function,) = export_functions()
    return function


def uploaded(folder: Path, name: str) -> Path:
    """Where the server puts an upload of this name."""
    path = folder / token_urlsafe() / "content" / name
    path.parent.mkdir(parents=True)
    return path


def draw_frames(folder: Path, count: int, size: tuple[int, int] = (60, 40)) -> list[str]:
    """Uploaded blue frames with an orange bar that grows."""
    paths = []
    for index in range(count):
        frame = Image.new("RGB", size, "#56B4E9")
        frame.paste("#E69F00", (0, 0, 10 * (index + 1), 10))
        paths.append(uploaded(folder, f"epoch-{index}.png"))
        frame.save(paths[-1])
    return list(map(str, paths))


def served_path(answer: dict) -> Path:
    return Path(unquote(answer["url"].removeprefix("gradio_api/file=")))


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_every_frame_is_shown_for_its_time_and_the_last_one_longer(uploads, write, kind):
    answer = write({"frames": draw_frames(uploads, 5), "kind": kind, "name": "borderline-ce-s0", "milliseconds": 200})
    path = served_path(answer)
    assert path.name == f"borderline-ce-s0.{kind}"
    with Image.open(path) as animation:
        assert (animation.format, animation.n_frames, animation.size) == (kind.upper(), 5, (60, 40))
        assert animation.info["loop"] == 0
        for index in range(5):
            animation.seek(index)
            animation.load()
            assert animation.info["duration"] == (1500 if index == 4 else 200)
            orange = np.abs(np.asarray(animation.convert("RGB")).astype(int) - (230, 159, 0)).max(axis=-1) < 40
            assert orange[2:8].mean() == pytest.approx((index + 1) / 6, abs=0.05)
    assert list(uploads.iterdir()) == [path.parent]  # the frames are not needed any more


def test_a_small_one_does_not_wait_for_the_memory_of_large_photos(uploads, write, monkeypatch):
    monkeypatch.setattr(LARGE, "_seconds", 0.2)
    with LARGE.lent(399_000_000):
        answer = write({"frames": draw_frames(uploads, 3), "kind": "webp", "name": "a"})
    assert served_path(answer).is_file()


def grainy(folder: Path, name: str, side: int, seed: int, covered: int = 0) -> str:
    """A picture that compresses badly, its upper rows covered by the border's colour."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    picture.paste(CLASS_COLOURS[BORDER], (0, 0, side, covered))
    path = uploaded(folder, name)
    picture.save(path)
    return str(path)


def test_a_gif_holds_once_what_does_not_change(uploads, write):
    one = served_path(write({"frames": [grainy(uploads, "a.png", 120, 0)], "kind": "gif"})).stat().st_size
    frames = [grainy(uploads, f"{index}.png", 120, 0, covered=2 * index) for index in range(20)]
    path = served_path(write({"frames": frames, "kind": "gif"}))
    assert path.stat().st_size < 2 * one
    with Image.open(path) as animation:
        first = np.asarray(animation.convert("RGB"))
        animation.seek(19)
        last = np.asarray(animation.convert("RGB"))
    assert (last[38:] == first[38:]).all()
    assert (last[:38] == ImageColor.getrgb(CLASS_COLOURS[BORDER])).all()


def test_a_gif_that_would_be_large_has_fewer_colours_but_those_that_mean_something(uploads, write, monkeypatch):
    def written() -> Path:
        frames = [grainy(uploads, f"{seed}.png", 60, seed, covered=9) for seed in range(10)]
        return served_path(write({"frames": frames, "kind": "gif"}))

    whole = written().stat().st_size
    monkeypatch.setattr("demo.watch.export.LARGE_BYTES", whole - 1)
    path = written()
    assert path.stat().st_size < whole
    with Image.open(path) as animation:
        assert animation.n_frames == 10
        animation.seek(5)
        assert (np.asarray(animation.convert("RGB"))[:9] == ImageColor.getrgb(CLASS_COLOURS[BORDER])).all()


def test_the_colours_of_errors_are_kept(uploads, write):
    path = grainy(uploads, "a.png", 120, 0)
    with Image.open(path) as picture:
        for place, colour in enumerate(ERROR_COLOURS):
            picture.paste(colour, (0, 2 * place, 120, 2 * place + 2))
        picture.save(path)
    with Image.open(served_path(write({"frames": [path], "kind": "gif"}))) as animation:
        seen = np.asarray(animation.convert("RGB"))
    for place, colour in enumerate(ERROR_COLOURS):
        assert (seen[2 * place : 2 * place + 2] == ImageColor.getrgb(colour)).all()
    # they are the page's
    script = (Path(demo.__file__).parent / "stage" / "js" / "colours.js").read_text()
    assert all(f'"{colour}"' in script for colour in ERROR_COLOURS)


def test_without_a_name_it_has_one_all_the_same(uploads, write):
    assert served_path(write({"frames": draw_frames(uploads, 1), "kind": "gif", "name": ""})).name == "borderline.gif"


def test_a_name_cannot_lead_out_of_the_folder(uploads, write):
    answer = write({"frames": draw_frames(uploads, 1), "kind": "gif", "name": "../../x/y z"})
    assert served_path(answer).parents[1] == uploads
    assert served_path(answer).is_file()


def test_only_uploaded_pictures_of_one_size_are_taken(uploads, write, tmp_path):
    elsewhere = draw_frames(tmp_path, 1)
    assert "not uploaded here" in write({"frames": elsewhere, "kind": "gif"})["error"]
    assert Path(elsewhere[0]).is_file()
    assert "1 to" in write({"frames": [], "kind": "gif"})["error"]
    assert (
        "soon is no number"
        in write({"frames": draw_frames(uploads, 1), "kind": "gif", "milliseconds": "soon"})["error"]
    )
    assert not list(uploads.iterdir())  # nor are those of an animation that could not be
    assert "gif or a webp" in write({"frames": draw_frames(uploads, 1), "kind": "exe"})["error"]
    mixed = [*draw_frames(uploads, 1), str(uploaded(uploads, "other.png"))]
    Image.new("RGB", (10, 10)).save(mixed[1])
    assert "differ in size" in write({"frames": mixed, "kind": "gif"})["error"]
    mixed = draw_frames(uploads, 2)
    Path(mixed[1]).write_bytes(b"no picture")
    assert "cannot be read" in write({"frames": mixed, "kind": "gif"})["error"]
    assert "too large" in write({"frames": draw_frames(uploads, 61, (2000, 900)), "kind": "gif"})["error"]
