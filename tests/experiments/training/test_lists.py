"""What a run would write that its own readers refuse is said before it is trained, all of it, and the remedy helps."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from experiments import check, compare, evaluate, run, sweep
from experiments.store.runs import read_run
from seg.checkpoint import load_checkpoint, save_checkpoint
from seg.networks import create
from seg.pets import list_path, photo_path, trimap_path
from tests.conftest import TEST_NAMES, TRAINVAL_NAMES

SMALL = ["--loss", "ce", "--size", "16", "--batch-size", "4", "--epochs", "1", "--device", "cpu"]


@pytest.fixture
def pets(own_pets, narrow) -> Path:
    return own_pets


def add(root: Path, split: str, *names: str) -> None:
    with open(list_path(root, split), "a") as file:
        file.writelines(f"{name} 1 1 1\n" for name in names)


def take_out(root: Path, split: str, *names: str) -> None:
    """The last line of each of these."""
    path = list_path(root, split)
    lines = path.read_text().splitlines()
    for name in names:
        lines.reverse()
        lines.remove(next(line for line in lines if line.split()[0] == name))
        lines.reverse()
    path.write_text("\n".join(lines) + "\n")


DOUBLED = {
    "scored twice": [("test", TEST_NAMES[0])],
    "trained on and scored": [("trainval", TEST_NAMES[1])],
    "all of it": [("test", TEST_NAMES[0]), ("trainval", TRAINVAL_NAMES[1]), ("trainval", TEST_NAMES[1])],
    "three times": [("test", TEST_NAMES[0]), ("test", TEST_NAMES[0])],
}


@pytest.mark.parametrize("what", DOUBLED)
def test_photos_that_are_listed_twice_are_told_before_anything_is_trained(pets, tmp_path, command, what):
    for split, name in DOUBLED[what]:
        add(pets, split, name)
    options = [*SMALL, "--data", pets, "--out", tmp_path / "runs"]
    ended = command(run, *options)
    assert ended.status == 2
    assert all(name in ended.error for _, name in DOUBLED[what])
    assert ended.error.endswith(": leave each in one list, and there once")
    assert not (tmp_path / "runs").exists()
    grid = tmp_path / "grid.toml"
    grid.write_text('[[runs]]\nloss = "ce"\nsize = 16\nepochs = 1\n')
    swept = command(sweep, grid, "--data", pets, "--out", tmp_path / "swept", "--device", "cpu")
    assert (swept.status, swept.error) == (2, ended.error)
    checked = command(check, "--data", pets)
    assert checked.status == 1
    assert all(name in checked.out for _, name in DOUBLED[what])

    for split, name in DOUBLED[what]:  # what it says to do
        take_out(pets, split, name)
    assert command(run, *options).status == 0
    assert command(check, "--data", pets).status == 0
    assert command(compare, "ce-s0", "--runs", tmp_path / "runs").status == 0


def test_photos_that_are_left_out_may_be_in_both_lists(pets, tmp_path, command):
    add(pets, "trainval", TEST_NAMES[0])
    options = [*SMALL, "--data", pets, "--out", tmp_path / "runs"]
    assert command(run, *options, "--exclude", f"{TEST_NAMES[0]},").status == 0
    assert read_run(tmp_path / "runs" / "ce-s0").info["excluded_photos"] == {"trainval": 1, "test": 1}


def test_a_holdout_run_reads_one_list_alone(pets, tmp_path, command):
    add(pets, "trainval", TEST_NAMES[0])
    assert command(run, *SMALL, "--holdout", "--data", pets, "--out", tmp_path / "runs").status == 0


def test_scoring_again_refuses_a_doubled_list_and_helps_once_it_is_mended(pets, tmp_path, command):
    folder = tmp_path / "runs" / "ce-s0"
    assert command(run, *SMALL, "--data", pets, "--out", folder.parent).status == 0
    before = (folder / "images.csv").read_bytes()
    add(pets, "test", TEST_NAMES[2])
    details = [folder, "--details", "--data", pets, "--device", "cpu"]
    ended = command(evaluate, *details)
    assert ended.status == 2
    assert f"test.txt has {TEST_NAMES[2]} twice: leave each in one list, and there once" in ended.error
    assert (folder / "images.csv").read_bytes() == before
    take_out(pets, "test", TEST_NAMES[2])
    (folder / "images.csv").unlink()  # as compare says to score it again
    assert command(evaluate, *details).status == 0
    assert pd.read_csv(folder / "images.csv")["name"].is_unique
    assert command(compare, "ce-s0", "--runs", folder.parent).status == 0


def test_many_doubles_are_told_in_one_line(draw_pets, tmp_path, command, narrow):
    pets = draw_pets(tmp_path / "pets")
    add(pets, "test", *TRAINVAL_NAMES)
    ended = command(run, *SMALL, "--data", pets, "--out", tmp_path / "runs")
    assert f"{', '.join(sorted(TRAINVAL_NAMES)[:5])} and {len(TRAINVAL_NAMES) - 5} more" in ended.error


# ---- names in lists


def test_a_list_with_a_byte_order_mark_is_read(pets, tmp_path, command):
    for path in (list_path(pets, "trainval"), list_path(pets, "test")):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    names = tmp_path / "names.txt"
    names.write_bytes(b"\xef\xbb\xbf" + TRAINVAL_NAMES[0].encode() + b"\n")
    assert command(run, *SMALL, "--data", pets, "--out", tmp_path, "--exclude", names).status == 0
    assert read_run(tmp_path / "ce-s0").info["options"]["exclude"] == [TRAINVAL_NAMES[0]]


@pytest.mark.parametrize("place", [photo_path, trimap_path])
@pytest.mark.parametrize("called", [str.upper, str.lower])
def test_a_file_whose_name_has_other_capitals_is_named(pets, tmp_path, command, place, called):
    path = place(pets, TEST_NAMES[0])
    path.rename(path.with_name(called(path.name)))
    ended = command(run, *SMALL, "--data", pets, "--out", tmp_path / "runs")
    assert ended.status == 2
    assert f"{path} is missing (there is {called(path.name)})" in ended.error
    path.with_name(called(path.name)).rename(path)
    assert command(run, *SMALL, "--data", pets, "--out", tmp_path / "runs").status == 0


# ---- weights


@pytest.mark.parametrize("largest", [1.0, 65_504.0, 65_520.0, 1e6, -3e38])
def test_weights_beyond_half_precision_are_kept_as_they_are(tmp_path, narrow, largest):
    model = create("segnet")
    with torch.no_grad():
        weight = next(each for each in model.parameters() if each.ndim == 4)
        weight[0, 0, 0, 0] = largest
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model, network="segnet", loss="ce", epoch=1, input_size=16, scores={})
    read, _ = load_checkpoint(path)
    found = next(each for each in read.parameters() if each.ndim == 4)
    assert found[0, 0, 0, 0].item() == pytest.approx(largest, rel=1e-6)
    halves = sum(each.dtype == torch.float16 for each in load_file(path).values())
    assert halves == sum(each.ndim == 4 for each in model.parameters()) - (abs(largest) > 65_504)


# ---- what is printed is done


REMEDIES: dict[str, tuple[Callable[[Path, Path], list[object]], Callable[[list[object], str], list[object]]]] = {
    "the folder is taken: --overwrite": (lambda pets, out: [], lambda options, told: [*options, "--overwrite"]),
    "the folder is taken: --name": (lambda pets, out: [], lambda options, told: [*options, "--name", "another"]),
    "no run: --name": (lambda pets, out: ["--overwrite"], lambda options, told: [*options, "--name", "another"]),
    "no border: none": (
        lambda pets, out: ["--loss", "weighted"],
        lambda options, told: [*options, "--class-weights", "1,1,1"],
    ),
    "a side: the one that is told": (
        lambda pets, out: ["--size", "20"],
        lambda options, told: [*options, "--size", told.rpartition("try ")[2]],
    ),
    "no such option of a loss: leave it out": (
        lambda pets, out: ["--gamma", "3"],
        lambda options, told: options[:-2],
    ),
    "a list names no photo: take it out": (
        lambda pets, out: ["--exclude", "nobody_1,"],
        lambda options, told: options[:-2],
    ),
    "a bad pair: --skip-bad": (lambda pets, out: [], lambda options, told: [*options, "--skip-bad"]),
    "own borders: leave out --border-width": (
        lambda pets, out: ["--border-width", "0.1"],
        lambda options, told: options[:-2],
    ),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_a_remedy_that_is_printed_helps(pets, tmp_path, command, case):
    more, follow = REMEDIES[case]
    out = tmp_path / "runs"
    options = [*SMALL, "--data", pets, "--out", out, *more(pets, out)]
    if "taken" in case:
        assert command(run, *options).status == 0
    elif "no run" in case:
        (out / "ce-s0").mkdir(parents=True)
        (out / "ce-s0" / "notes.txt").write_text("not a run")
    elif "bad pair" in case:
        photo_path(pets, TRAINVAL_NAMES[0]).write_bytes(b"no photo")
    elif "no border" in case:
        for path in trimap_path(pets, "").parent.iterdir():
            with Image.open(path) as image:
                image.point([0, 1, 2, 2] + [0] * 252).save(path)
    refused = command(run, *options)
    assert refused.status == 2, case
    assert command(run, *follow(options, refused.error)).status == 0, refused.error


def test_a_diverged_run_is_helped_by_what_it_says(pets, tmp_path, command):
    options = [*SMALL, "--data", pets, "--out", tmp_path, "--lr"]
    ended = command(run, *options, "1e30")
    assert ended.error.endswith(": lower --lr and start again with --overwrite")
    assert command(run, *options, "1e-3", "--overwrite").status == 0


def test_a_taken_folder_s_run_is_continued_by_the_same_words_and_resume(pets, tmp_path, command):
    options = [*SMALL, "--data", pets, "--out", tmp_path, "--name", "mine"]
    assert command(run, *options).status == 0
    info = json.loads((tmp_path / "mine" / "run.json").read_text())
    (tmp_path / "mine" / "run.json").write_text(json.dumps(info | {"status": "interrupted"}))
    assert "continue it with --resume" in command(run, *options).error
    assert command(run, *options, "--resume").status == 0


# ---- ends of ranges that mean nothing


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ema", "1"),
        ("--crop", "0"),
        ("--jitter", "50"),
        ("--epochs", "1000001"),
        ("--size", "16384"),
        ("--class-weights", "1e-39,1,1"),
        ("--class-weights", "1,1e39,1"),
        ("--class-weights", "1,0,1"),
        ("--label-smoothing", "1"),
        ("--lr", "0"),
        ("--lr-decay", "0"),
        ("--warmup", "-1"),
        ("--limit", "-3"),
    ],
)
def test_a_value_that_means_nothing_is_refused_in_one_line(pets, tmp_path, command, option, value):
    loss = ["--loss", "weighted"] if option == "--class-weights" else []
    ended = command(run, *SMALL, *loss, "--data", pets, "--out", tmp_path / "runs", f"{option}={value}")
    assert (ended.status, option in ended.error, len(ended.err.splitlines())) == (2, True, 1)
    assert not (tmp_path / "runs").exists()
