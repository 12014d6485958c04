"""A run goes on with the photos, the labels and the log that it was begun with, or says what is wrong with them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from PIL import Image, ImageOps

from experiments import run, sweep, synthetic
from experiments.store.runs import read_run
from experiments.training.going_on import ChangedPhotos, OtherPhotos, check_photos
from seg import training
from seg.pets import list_path, photo_path, trimap_path
from tests.conftest import TEST_NAMES, TRAINVAL_NAMES

EPOCHS = 4


def interrupted_run(recipe: list[str], batch: int) -> None:
    """Begin the run of this recipe and stop it in that batch."""
    made, left = training.training_batch, iter(range(batch, 0, -1))

    def training_batch(*arguments: object) -> tuple:
        if next(left, 0) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return made(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        assert run.main(recipe) == 130


@pytest.fixture(scope="module")
def begun(tmp_path_factory, draw_pets, narrow_for_all) -> SimpleNamespace:
    """A run of four epochs, stopped in its third: its folder and its dataset, to be copied only."""
    root = tmp_path_factory.mktemp("begun")
    data = draw_pets(root / "pets", trainval=TRAINVAL_NAMES[:8], test=TEST_NAMES[:4])
    recipe = ["--loss", "ce", "--size", "16", "--batch-size", "4", "--epochs", str(EPOCHS), "--device", "cpu"]
    interrupted_run([*recipe, "--data", str(data), "--out", str(root)], 5)  # of two an epoch
    return SimpleNamespace(folder=root / "ce-s0", data=data, recipe=recipe)


@pytest.fixture
def stopped(begun, tmp_path) -> Iterator[SimpleNamespace]:
    """A copy of it that a test may damage; `data` is its dataset, which is the same in another place."""
    folder, data = tmp_path / "runs" / "ce-s0", tmp_path / "pets"
    shutil.copytree(begun.folder, folder)
    shutil.copytree(begun.data, data)
    yield SimpleNamespace(folder=folder, data=data, recipe=begun.recipe)


def resume(command: Callable, stopped: SimpleNamespace, *more: object):
    return command(run, "--resume", stopped.folder, "--data", stopped.data, "--device", "cpu", *more)


def epochs(folder: Path) -> list[int]:
    return pd.read_csv(folder / "epochs.csv")["epoch"].tolist()


# ---- the photos


def test_the_same_photos_in_another_place_are_the_same(stopped, command):
    ended = resume(command, stopped)
    assert (ended.status, ended.told) == (0, [])
    assert epochs(stopped.folder) == list(range(EPOCHS + 1))


def test_the_same_photos_in_files_of_another_kind_are_the_same(stopped, command):
    path = photo_path(stopped.data, TRAINVAL_NAMES[0])
    with Image.open(path) as photo:
        photo.load()
    photo.save(path, format="PNG")  # whatever it is called
    assert resume(command, stopped).status == 0


def mirrored(path: Path) -> None:
    with Image.open(path) as image:
        turned = ImageOps.mirror(image)
    turned.save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))


def one_corner(path: Path) -> None:
    with Image.open(path) as image:
        image.load()
    image.paste(3 if image.getpixel((0, 0)) != 3 else 1, (0, 0, 8, 8))
    image.save(path)


def exchanged(data: Path) -> None:
    """Two photos of one list change places in it."""
    path = list_path(data, "trainval")
    first, second, *others = path.read_text().splitlines()
    path.write_text("\n".join([second, first, *others]) + "\n")


def replaced(data: Path) -> None:
    """As many photos, one of another name."""
    path = list_path(data, "test")
    for place in (photo_path, trimap_path):
        place(data, TEST_NAMES[0]).rename(place(data, "pug_77"))
    path.write_text(path.read_text().replace(TEST_NAMES[0], "pug_77"))


OTHERS = {
    "a training photo": (lambda data: mirrored(photo_path(data, TRAINVAL_NAMES[3])), "the training photos are no"),
    "a training label": (lambda data: mirrored(trimap_path(data, TRAINVAL_NAMES[3])), "labels of the training photos"),
    "a validation photo": (lambda data: mirrored(photo_path(data, TEST_NAMES[3])), "the validation photos are no"),
    "a label's corner": (lambda data: one_corner(trimap_path(data, TEST_NAMES[1])), "labels of the validation photos"),
    "the order": (exchanged, "was begun with other training photos"),
    "a name": (replaced, "was begun with other validation photos"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_run_does_not_go_on_with_photos_that_have_changed(stopped, command, what):
    change, said = OTHERS[what]
    change(stopped.data)
    before = {path: path.read_bytes() for path in stopped.folder.rglob("*") if path.is_file()}
    ended = resume(command, stopped)
    assert ended.status == 2
    assert said in ended.error
    assert ended.error.endswith(("restore them, or begin another run", "pass the --data it was begun with"))
    assert {path: path.read_bytes() for path in stopped.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("decoder", ["pil 12.3.0, x86_64", "pil 9.0.0, arm64"])
@pytest.mark.parametrize(
    ("kind", "refusal"), [("names", OtherPhotos), ("pixels", ChangedPhotos), ("labels", ChangedPhotos)]
)
def test_only_pixels_may_be_others_and_only_by_another_decoder(capsys, kind, refusal, decoder):
    then = {"names": "aa", "pixels": "bb", "labels": "cc", "decoder": "pil 12.3.0, x86_64"}
    begun = SimpleNamespace(folder=Path("runs/ce-s0"), info={"photos": {"training": then, "validation": then}})
    check_photos(begun, {"training": then, "validation": then | {"decoder": decoder}})
    assert capsys.readouterr().err == ""
    now = {"training": then, "validation": then | {kind: "dd", "decoder": decoder}}
    if kind == "pixels" and decoder != then["decoder"]:
        check_photos(begun, now)
        told = "note: the validation photos are not to the last pixel those that runs/ce-s0 was begun with"
        assert capsys.readouterr().err.startswith(told)
    else:
        with pytest.raises(refusal, match="was begun with"):
            check_photos(begun, now)


def test_ones_own_photos_are_held_to_it_too(tmp_path, command, narrow):
    data = tmp_path / "own"
    assert synthetic.main([str(data), "--photos", "10", "--side", "32"]) == 0
    recipe = ["--loss", "ce", "--size", "16", "--batch-size", "4", "--epochs", "2", "--device", "cpu"]
    interrupted_run([*recipe, "--data", str(data), "--out", str(tmp_path)], 3)
    stopped = SimpleNamespace(folder=tmp_path / "ce-s0", data=data)
    mask = sorted((data / "masks").iterdir())[0]
    kept = mask.read_bytes()
    mirrored(mask)
    ended = resume(command, stopped)
    assert (ended.status, "are no longer those that" in ended.error) == (2, True)
    mask.write_bytes(kept)  # which is what it says to do
    assert resume(command, stopped).status == 0


@pytest.mark.parametrize("record", [None, {"training": "abc"}, [1]])
def test_an_older_run_that_does_not_say_its_photos_goes_on_with_a_word(stopped, command, record):
    path = stopped.folder / "run.json"
    info = json.loads(path.read_text())
    del info["photos"]
    path.write_text(json.dumps(info if record is None else info | {"photos": record}))
    ended = resume(command, stopped)
    assert ended.status == 0
    assert ended.error.startswith(f"note: {stopped.folder} does not say which photos it was begun with")
    told = read_run(stopped.folder).info["photos"]
    assert set(told) == {"training", "validation"}
    assert told["training"]["decoder"].startswith("pil ")


# ---- the log


def without_rows(*missing: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if line.partition(",")[0] not in map(str, missing)))

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_rows(1), "lacks epoch 1 of the 2"),
        (without_rows(2), "lacks epoch 2 of the 2"),
        (without_rows(0), "lacks epoch 0 of the 2"),
        (without_rows(0, 1, 2), "lacks 3 epochs, the first 0, of the 2"),
        (Path.unlink, "lacks 3 epochs, the first 0, of the 2"),
    ],
)
def test_a_log_with_holes_is_not_gone_on_with(stopped, command, change, said):
    log = stopped.folder / "epochs.csv"
    whole = log.read_bytes()
    change(log)
    ended = resume(command, stopped)
    assert ended.status == 2
    assert said in ended.error
    assert "restore the file, or begin it anew with `python -m experiments.run --loss ce " in ended.error
    log.write_bytes(whole)
    assert resume(command, stopped).status == 0
    assert epochs(stopped.folder) == list(range(EPOCHS + 1))


def with_rows(*more: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        last = path.read_text().splitlines()[-1].partition(",")[2]
        with open(path, "a") as file:
            file.writelines(f"{epoch},{last}\n" for epoch in more)

    return change


@pytest.mark.parametrize(("more", "told"), [((3,), 0), ((3, 4), 1), ((3, 4, 5, 6), 1), ((2,), 0)])
def test_a_log_that_is_further_than_the_state_is_said_and_done_again(stopped, command, more, told):
    with_rows(*more)(stopped.folder / "epochs.csv")
    ended = resume(command, stopped)
    assert ended.status == 0
    assert len(ended.told) == told, ended.err
    assert all(f"has the state of epoch 2, its log goes on to {more[-1]}" in line for line in ended.told)
    assert read_run(stopped.folder).epochs["epoch"].tolist() == list(range(EPOCHS + 1))


# ---- the record


LOST = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(4096)),
}


@pytest.mark.parametrize(("how", "by_sweep"), [("gone", False), ("empty", False), ("zeros", False), ("empty", True)])
def test_a_lost_record_is_written_again_from_the_state(stopped, command, how, by_sweep, narrow_processes, monkeypatch):
    path = stopped.folder / "run.json"
    before = json.loads(path.read_text())
    LOST[how](path)
    if by_sweep:
        for name, value in narrow_processes.items():
            monkeypatch.setenv(name, value)
        grid = stopped.folder.parent / "grid.toml"
        grid.write_text(f'[[runs]]\nloss = "ce"\nsize = 16\nbatch_size = 4\nepochs = {EPOCHS}\n')
        ended = command(sweep, grid, "--data", stopped.data, "--out", stopped.folder.parent, "--device", "cpu")
    else:
        ended = resume(command, stopped)
    assert ended.status == 0, ended
    assert f"note: {path} was lost: it is written again as state.safetensors tells it" in ended.err
    after = json.loads(path.read_text())
    assert after["status"] == "finished"
    for name in ("options", "started", "environment", "photos", "class_weights", "parameters"):
        assert after[name] == before[name]
    assert [each["epoch"] for each in after["resumed"]] == [3]


def test_a_record_that_holds_something_is_never_written_over(stopped, command):
    (stopped.folder / "run.json").write_text('{"half of')
    ended = resume(command, stopped)
    assert (ended.status, "run.json does not describe a run" in ended.error) == (2, True)
    assert (stopped.folder / "run.json").read_text() == '{"half of'


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_record_that_is_a_pipe_is_told_and_not_waited_for(stopped):
    (stopped.folder / "run.json").unlink()
    os.mkfifo(stopped.folder / "run.json")
    command = [sys.executable, "-m", "experiments.run", "--resume", str(stopped.folder), "--data", str(stopped.data)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert told.stderr == f"error: {stopped.folder / 'run.json'} cannot be read (it is no ordinary file)\n"


def test_a_lost_record_without_a_state_is_told(stopped, command):
    (stopped.folder / "run.json").unlink()
    (stopped.folder / "state.safetensors").unlink()
    assert "is not a run" in resume(command, stopped).error


def test_going_on_and_beginning_anew_are_not_both_asked_for(stopped, command):
    ended = resume(command, stopped, "--overwrite")
    assert (ended.status, "leave out one of the two" in ended.error) == (2, True)
    assert read_run(stopped.folder).status == "interrupted"


# ---- what others have put there


def test_files_that_no_run_writes_are_left_alone(stopped, command):
    theirs = ["predictions/epoch-002 (conflicted copy).png", "predictions/epoch-004.PNG", "predictions/epoch-9.png"]
    theirs += [
        "weights/epoch-003 copy.safetensors",
        "notes.txt",
        "controls/mirrored/notes.txt",
        "controls/mine/images.csv",
    ]
    theirs += ["epochs (1).csv", "run.json.orig", ".DS_Store", "state.safetensors.bak", "predictions/.epoch-1.tmp"]
    for name in theirs:
        (stopped.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stopped.folder / name).write_text(name)
    assert resume(command, stopped).status == 0
    assert {name: (stopped.folder / name).read_text() for name in theirs} == {name: name for name in theirs}
    options = [*stopped.recipe, "--data", stopped.data, "--out", stopped.folder.parent, "--overwrite"]
    assert command(run, *options, "--epochs", 1).status == 0
    assert {name: (stopped.folder / name).read_text() for name in theirs} == {name: name for name in theirs}
    assert epochs(stopped.folder) == [0, 1]
    assert sorted(path.name for path in (stopped.folder / "predictions").glob("epoch-00?.png")) == [
        "epoch-000.png",
        "epoch-001.png",
    ]


def test_a_run_whose_folder_is_a_link_is_replaced_behind_the_link(stopped, command):
    real = stopped.folder.rename(stopped.folder.with_name("elsewhere"))
    stopped.folder.symlink_to(real)
    options = [*stopped.recipe, "--data", stopped.data, "--out", stopped.folder.parent, "--overwrite"]
    assert command(run, *options, "--epochs", 1).status == 0
    assert stopped.folder.is_symlink()
    assert epochs(real) == [0, 1]
