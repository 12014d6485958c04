"""Photos of one's own from a shell: every mask is the network's, every file is where it is said to be."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments import segment
from seg.inference import Segmenter
from seg.pets import photo_path

PROJECT = Path(__file__).parents[2]
COLUMNS = ["photo", "run", "width", "height", "pet", "background", "border", "milliseconds", "file"]


@pytest.fixture
def pets(tmp_path, tiny_pets, monkeypatch) -> Path:
    """The folder that the command is begun in: `pets/` of three photos in two folders, two of one name."""
    for source, name in (
        ("pug_1", "pets/pug.jpg"),
        ("pug_2", "pets/far/pug.jpg"),
        ("beagle_47", "pets/far/beagle.png"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo_path(tiny_pets, source)).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ce(tiny_runs) -> list:
    return ["--run", tiny_runs / "ce-s0", "--device", "cpu"]


def table(out: Path) -> list[dict[str, str]]:
    with open(out / "segments.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def expected(run: Path, photo: Path) -> np.ndarray:
    with Image.open(photo) as image:
        return Segmenter.load(run / "model.safetensors").predict(image).mask


def test_every_photo_gets_the_mask_that_each_network_says(command, pets, tiny_runs):
    runs = [tiny_runs / "ce-s0", tiny_runs / "focal-s0" / "model.safetensors"]
    ended = command(segment, "pets", "--run", *runs, "--out", "out", "--device", "cpu")
    assert (ended.status, ended.told) == (0, [])
    assert ended.out == "6 of 6 done, see out/segments.csv\n"
    rows = table(pets / "out")
    photos = ["pets/pug.jpg", "pets/far/beagle.png", "pets/far/pug.jpg"]
    assert [(row["photo"], row["run"]) for row in rows] == [(p, r) for p in photos for r in ("ce-s0", "focal-s0")]
    assert files(pets / "out") == {row["file"] for row in rows} | {"segments.csv"}
    assert {"pug-ce-s0-mask.png", "far/pug-focal-s0-mask.png"} <= {row["file"] for row in rows}
    for row in rows:
        with Image.open(pets / "out" / row["file"]) as mask, Image.open(row["photo"]) as photo:
            assert (mask.mode, mask.size) == ("P", photo.size)
            assert [int(row["width"]), int(row["height"])] == list(photo.size)
            values = np.asarray(mask)
        np.testing.assert_array_equal(values, expected(tiny_runs / row["run"], pets / row["photo"]))
        pixels = values.ravel().tolist()
        for value, name in enumerate(("pet", "background", "border")):
            assert float(row[name]) == pytest.approx(pixels.count(value) / len(pixels), abs=1e-6)
        assert float(row["milliseconds"]) > 0


def test_several_kinds_are_files_of_their_own_and_one_row(command, pets, ce):
    ended = command(segment, "pets/pug.jpg", *ce, "--out", "out", "--as", "cut-out", "overlay", "--as", "mask")
    assert ended.status == 0
    names = {f"pug-ce-s0-{kind}.png" for kind in ("mask", "overlay", "cutout")}
    assert files(pets / "out") == names | {"segments.csv"}
    assert [row["file"] for row in table(pets / "out")] == ["pug-ce-s0-mask.png"]
    modes = {kind: Image.open(pets / "out" / f"pug-ce-s0-{kind}.png").mode for kind in ("mask", "overlay", "cutout")}
    assert modes == {"mask": "P", "overlay": "RGB", "cutout": "RGBA"}
    command(segment, "pets/pug.jpg", *ce, "--out", "other", "--as", "overlay")
    assert [row["file"] for row in table(pets / "other")] == ["pug-ce-s0-overlay.png"]


def test_the_borders_logit_is_shifted_before_the_argmax(command, pets, ce, tiny_runs):
    assert command(segment, "pets/pug.jpg", *ce, "--shift", "0.75", "--out", "out").status == 0
    with Image.open("pets/pug.jpg") as photo:
        probabilities = Segmenter.load(tiny_runs / "ce-s0" / "model.safetensors").predict(photo).probabilities
    logits = np.log(probabilities.astype(np.float64))
    logits[2] += 0.75
    mask = np.asarray(Image.open("out/pug-ce-s0-border+0.75-mask.png"))
    assert (mask == logits.argmax(axis=0)).mean() >= 0.999
    assert (mask != probabilities.argmax(axis=0)).any()
    assert float(table(pets / "out")[0]["border"]) == pytest.approx((mask == 2).mean(), abs=1e-6)


def test_photos_are_upright_and_say_nothing_of_where_they_were_taken(command, pets, ce, tiny_runs):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Telephone"
    exif[0x8825] = {2: (48.0, 51.0, 29.0)}
    Image.open("pets/pug.jpg").save("turned.jpg", exif=exif)
    kinds = ["--as", "mask", "overlay", "cut-out"]
    assert command(segment, "turned.jpg", *ce, *kinds, "--out", "out").status == 0
    width, height = Image.open("pets/pug.jpg").size
    for kind in ("mask", "overlay", "cutout"):
        with Image.open(f"out/turned-ce-s0-{kind}.png") as picture:
            assert picture.size == (height, width)
            assert len(picture.getexif()) == 0
    mask = np.asarray(Image.open("out/turned-ce-s0-mask.png"))
    np.testing.assert_array_equal(mask, expected(tiny_runs / "ce-s0", pets / "turned.jpg"))


def test_photos_that_cannot_be_read_are_told_at_the_end_and_the_others_are_done(command, pets, ce, tiny_runs):
    Path("pets/broken.jpg").write_bytes(Path("pets/pug.jpg").read_bytes()[:200])
    Path("pets/words.png").write_text("no\nimage")
    ended = command(segment, "pets", "--run", tiny_runs / "ce-s0", tiny_runs / "focal-s0", "--out", "out")
    assert ended.status == 1
    assert [line.split(" cannot")[0] for line in ended.told] == [
        "left out: pets/broken.jpg",
        "left out: pets/words.png",
    ]
    assert ended.out == "6 of 10 done, see out/segments.csv\n"
    assert len(table(pets / "out")) == 6


def test_where_no_photo_can_be_read_there_is_no_table(command, pets, ce):
    ended = command(segment, "pets/nothing.jpg", *ce)
    assert (ended.status, ended.out) == (2, "")
    Path("words.png").write_text("no image")
    ended = command(segment, "words.png", *ce)
    assert (ended.status, ended.out) == (1, "0 of 1 done\n")
    assert files(pets / "segments") == set()


def test_photos_and_runs_whose_names_meet_have_files_of_their_own(command, pets, tiny_runs):
    for name in ("Pug.JPG", "pug.png", "pug-a.jpg"):
        Image.open("pets/pug.jpg").save(f"pets/{name}")
    for name in ("a-b.safetensors", "b.safetensors"):
        (pets / name).write_bytes((tiny_runs / "focal-s0" / "model.safetensors").read_bytes())
    ended = command(segment, "pets", "--run", "a-b.safetensors", "b.safetensors", "--out", "out", "--device", "cpu")
    assert ended.status == 0
    rows = table(pets / "out")
    assert len({row["file"].lower() for row in rows}) == len(rows) == 12
    assert files(pets / "out") == {row["file"] for row in rows} | {"segments.csv"}
    for row in rows:
        with Image.open(pets / "out" / row["file"]) as mask:
            np.testing.assert_array_equal(np.asarray(mask), expected(tiny_runs / "focal-s0", pets / row["photo"]))


def test_runs_of_one_name_are_told_apart_and_one_given_twice_is_one(command, pets, tiny_runs, tmp_path):
    other = tmp_path / "others" / "ce-s0"
    other.mkdir(parents=True)
    (other / "model.safetensors").write_bytes((tiny_runs / "focal-s0" / "model.safetensors").read_bytes())
    runs = [tiny_runs / "ce-s0", other, tiny_runs / "ce-s0" / "model.safetensors"]
    assert command(segment, "pets/pug.jpg", "--run", *runs, "--out", "out").status == 0
    assert [(row["run"], row["file"]) for row in table(pets / "out")] == [
        ("ce-s0", "pug-ce-s0-mask.png"),
        ("ce-s0 (2)", "pug-ce-s0 (2)-mask.png"),
    ]
    second = np.asarray(Image.open("out/pug-ce-s0 (2)-mask.png"))
    np.testing.assert_array_equal(second, expected(tiny_runs / "focal-s0", pets / "pets" / "pug.jpg"))


def test_a_run_of_links_is_called_after_its_folder(command, pets, tiny_runs):
    (pets / "runs" / "linked").mkdir(parents=True)
    (pets / "0123abcd").write_bytes((tiny_runs / "ce-s0" / "model.safetensors").read_bytes())
    (pets / "runs" / "linked" / "model.safetensors").symlink_to(pets / "0123abcd")
    assert command(segment, "pets/pug.jpg", "--run", "linked", "runs/../runs/linked/").status == 0
    os.chdir(pets / "runs" / "linked")
    assert command(segment, "../../pets/pug.jpg", "--run", "model.safetensors", "--out", "../../segments").status == 0
    assert [row["file"] for row in table(pets / "segments")] == ["pug-linked-mask.png"]


def test_weights_of_an_epoch_are_called_after_it(command, pets, tiny_runs):
    kept = pets / "runs" / "ce-s7" / "weights" / "epoch-003.safetensors"
    kept.parent.mkdir(parents=True)
    kept.write_bytes((tiny_runs / "ce-s0" / "model.safetensors").read_bytes())
    assert command(segment, "pets/pug.jpg", "--run", kept).status == 0
    assert [row["file"] for row in table(pets / "segments")] == ["pug-ce-s7-epoch-003-mask.png"]


def test_without_a_run_it_is_the_shipped_one_and_runs_go_by_name(command, pets):
    assert command(segment, "pets/pug.jpg", "--device", "cpu").status == 0
    assert command(segment, "pets/pug.jpg", "--run", "focal-s0", "--device", "cpu").status == 0
    # what an earlier call said of other files stays
    assert [row["run"] for row in table(pets / "segments")] == ["ce-s0", "focal-s0"]
    for run in ("ce-s0", "focal-s0"):
        mask = np.asarray(Image.open(f"segments/pug-{run}-mask.png"))
        wanted = expected(PROJECT / "experiments" / "results" / run, pets / "pets" / "pug.jpg")
        np.testing.assert_array_equal(mask, wanted)


def test_a_later_call_replaces_files_of_the_same_name_and_their_rows(command, pets, ce, tiny_runs):
    command(segment, "pets", *ce, "--out", "out")
    before = table(pets / "out")
    Image.open("pets/far/beagle.png").save("pets/pug.jpg")
    assert command(segment, "pets/pug.jpg", *ce, "--out", "out").status == 0
    rows = {row["file"]: row for row in table(pets / "out")}
    assert set(rows) == {row["file"] for row in before}
    mask = np.asarray(Image.open("out/pug-ce-s0-mask.png"))
    np.testing.assert_array_equal(mask, expected(tiny_runs / "ce-s0", pets / "pets" / "pug.jpg"))
    assert float(rows["pug-ce-s0-mask.png"]["border"]) == pytest.approx((mask == 2).mean(), abs=1e-6)


def test_masks_beside_their_photos_are_not_taken_for_photos(command, pets, ce):
    for _ in range(2):
        assert command(segment, "pets", *ce, "--out", "pets").out == "3 of 3 done, see pets/segments.csv\n"
    assert len(table(pets / "pets")) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("out/pug-ce-s0-overlay.png", None),
        ("out/segments.csv", "photo,run\nmine,mine\n"),
        ("out/segments.csv", f"{','.join(COLUMNS)}\n1,2,3,4,5,6,7,8,9,10\n"),
        ("out/segments.csv", ""),
    ],
)
def test_a_file_of_ones_own_is_never_replaced(command, pets, ce, name, text):
    path = pets / name
    path.parent.mkdir()
    if text is None:
        Image.new("RGB", (3, 3), "red").save(path)
    else:
        path.write_text(text)
    before = path.read_bytes()
    ended = command(segment, "pets/pug.jpg", *ce, "--as", "mask", "overlay", "--out", "out")
    assert (ended.status, ended.out) == (2, "")
    assert ended.error == (
        f"error: {name} is there, and Borderline did not write it: pass another --out DIR, or move it away"
    )
    assert path.read_bytes() == before
    assert files(pets / "out") == {path.name}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere.jpg"], "nowhere.jpg is not there"),
        (["pets/*.tiff"], "pets/*.tiff matches no photos"),
        (["runs"], "runs has no photos"),
        (["pets", "--out", "pets/pug.jpg"], "pets/pug.jpg cannot be written to (File exists): pass another --out DIR"),
        (["pets", "--run", "ce-s9"], "ce-s9 is neither a run nor a path"),
        (["pets", "--run", "runs/bare"], "runs/bare has no model.safetensors"),
        (["pets", "--run", "pets/pug.jpg"], "pets/pug.jpg"),
        (["pets", "--device", "abacus"], "this machine has no device abacus"),
    ],
)
def test_what_cannot_be_done_is_one_line(command, pets, options, said):
    (pets / "runs" / "bare").mkdir(parents=True)
    ended = command(segment, *options)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "PHOTO"),
        (["pets", "--shift", "much"], "--shift: much is not a number"),
        (["pets", "--shift", "nan"], "--shift"),
        (["pets", "--shift", "6.1"], "--shift"),
        (["pets", "--as", "painting"], "--as: invalid choice"),
    ],
)
def test_a_bad_option_is_one_line(command, pets, options, said):
    ended = command(segment, *options)
    assert ended.status == 2
    assert said in ended.error


def test_a_name_that_is_too_long_for_its_files_stops_no_other(command, pets, ce):
    long = f"pets/{'x' * 240}.jpg"
    Image.open("pets/pug.jpg").save(long)
    ended = command(segment, "pets", *ce, "--out", "out")
    assert ended.status == 1
    assert "cannot be written (File name too long)" in ended.error
    assert len(table(pets / "out")) == 3


def test_names_that_are_no_text_stay_what_they_are(command, pets, ce):
    name = os.fsdecode(b'pets/na\xefve, "pug".jpg')
    Image.open("pets/pug.jpg").save(name)
    for _ in range(2):
        assert command(segment, name, *ce, "--out", "out").status == 0
    with open("out/segments.csv", "rb") as file:
        assert file.read().count(b"\xef") == 2
    assert len(files(pets / "out")) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_keeps_what_is_done(pets, number):
    for count in range(300):
        (pets / "many" / f"{count:03d}").mkdir(parents=True)
        (pets / "many" / f"{count:03d}" / "pug.jpg").write_bytes(Path("pets/pug.jpg").read_bytes())
    command = [sys.executable, "-m", "experiments.segment", "many", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    # begun in the background it would ignore Ctrl-C
    code = "import os, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "os.execv(sys.argv[1], sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", code, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while len(files(pets / "segments")) < 3 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    rows = table(pets / "segments")
    assert 3 <= len(rows) < 300
    assert out == f"Stopped: {len(rows)} of 300 done, see segments/segments.csv\n"
    assert files(pets / "segments") == {row["file"] for row in rows} | {"segments.csv"}
    for row in rows:
        with Image.open(pets / "segments" / row["file"]) as mask:
            mask.load()


def test_a_run_that_is_a_repository_on_the_hub_is_called_after_it(command, pets, hub, tiny_runs):
    assert command(segment, "pets/pug.jpg", "--run", "hf://somebody/focal", "hf://somebody/runs/ce-s0").status == 0
    assert [(row["run"], row["file"]) for row in table(pets / "segments")] == [
        ("focal", "pug-focal-mask.png"),
        ("ce-s0", "pug-ce-s0-mask.png"),
    ]
    mask = np.asarray(Image.open("segments/pug-focal-mask.png"))
    np.testing.assert_array_equal(mask, expected(tiny_runs / "focal-s0", pets / "pets" / "pug.jpg"))


def test_its_help_says_that_runs_may_lie_on_the_hub(command):
    told = " ".join(command(segment, "--help").out.split())
    assert "hf://USER/NAME[@REVISION][/FOLDER]" in told.partition("--run")[2]
