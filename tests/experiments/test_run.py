"""A run is logged as its options say, and an interrupted one ends as if it had never been interrupted."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from experiments import evaluate, run
from experiments.store import writer
from experiments.store.runs import read_run
from experiments.training import begin
from seg import training
from seg.cache import load_split
from seg.checkpoint import load_checkpoint, read_tensors
from seg.options import RECIPES

PROJECT = Path(__file__).parents[2]
ALL_SCORED = ("Bengal_35", "Bengal_36", "Sphynx_1", "beagle_47", "beagle_48", "pug_1", "pug_2", "pug_3")
SMALL = ["--size", "16", "--batch-size", "4", "--epochs", "1", "--device", "cpu"]


def rows(folder: Path) -> int:
    """Finished epochs that epochs.csv tells of."""
    path = folder / "epochs.csv"
    return len(path.read_text().splitlines()) - 2 if path.exists() else -1


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def scores(folder: Path) -> pd.DataFrame:
    """epochs.csv as text, without its timings."""
    return pd.read_csv(folder / "epochs.csv", dtype=str).drop(columns=["seconds", "images_per_second"])


def assert_same_weights(a: Path, b: Path) -> None:
    a, b = load_file(a), load_file(b)
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert value.dtype == b[name].dtype, name
        assert value.numpy().tobytes() == b[name].numpy().tobytes(), name


@pytest.fixture
def recipe(tiny_pets, tmp_path, narrow) -> list[object]:
    """Options of a small run, `ce-s0` of two epochs: 2 batches of scoring, then 3 + 2 batches an epoch."""
    return ["--loss", "ce", *SMALL, "--epochs", 2, "--data", tiny_pets, "--out", tmp_path]


# ---- interruption


@pytest.fixture(scope="module")
def killed(tiny_pets, tmp_path_factory, narrow_for_all, narrow_processes) -> SimpleNamespace:
    """A run killed in its second epoch and resumed, and one of the same options left alone."""
    out = tmp_path_factory.mktemp("killed")
    recipe = ["--loss", "focal", "--class-weights", "1,0.5,2", "--progressive", "--size", "32", "--epochs", "3"]
    recipe += ["--batch-size", "3", "--val-limit", "5", "--data", tiny_pets, "--device", "cpu", "--out", out]
    assert run.main([*map(str, recipe), "--name", "whole"]) == 0

    cut, command = out / "cut", [sys.executable, "-m", "experiments.run", *map(str, recipe), "--name", "cut"]
    environment = os.environ | narrow_processes | {"KILLED_IN_BATCH": "6"}  # of four an epoch
    begun = subprocess.run(command, cwd=PROJECT, env=environment)
    then, done = json.loads((cut / "run.json").read_text()), rows(cut)
    end = run.main(["--resume", str(cut), "--data", str(tiny_pets), "--device", "cpu"])
    return SimpleNamespace(whole=out / "whole", cut=cut, status=begun.returncode, then=then, rows=done, end=end)


def test_a_killed_run_was_under_way(killed):
    assert killed.status == -signal.SIGKILL
    assert killed.then["status"] == "running"
    assert killed.rows == 1


def test_a_killed_run_resumes_to_the_same_scores(killed):
    assert killed.end == 0
    assert scores(killed.whole)["epoch"].tolist() == ["0", "1", "2", "3"]
    pd.testing.assert_frame_equal(scores(killed.cut), scores(killed.whole))


def test_a_killed_run_resumes_to_the_same_files(killed):
    whole, cut = contents(killed.whole), contents(killed.cut)
    assert whole.keys() == cut.keys()
    timed = {"run.json", "epochs.csv", "model.safetensors"}
    assert {name for name in whole if whole[name] != cut[name]} <= timed
    assert {"images.csv", "bands.csv", "calibration.csv"} <= whole.keys()
    assert_same_weights(killed.whole / "model.safetensors", killed.cut / "model.safetensors")


def test_a_killed_run_keeps_its_options_and_its_first_start(killed):
    whole, cut = (read_run(folder) for folder in (killed.whole, killed.cut))
    assert (whole.status, cut.status) == ("finished", "finished")
    assert cut.info["options"] == whole.info["options"]
    assert cut.info["scores"] == whole.info["scores"]
    assert cut.info["started"] == killed.then["started"]
    assert cut.info["environment"] == killed.then["environment"]
    [resumption] = cut.info["resumed"]
    assert resumption["epoch"] == 1 + len(pd.read_csv(killed.cut / "epochs.csv").loc[1 : killed.rows])
    assert resumption["environment"]["device"] == "cpu"
    assert "resumed" not in whole.info


def test_a_progressive_run_records_its_schedule_and_its_sample(killed):
    finished = read_run(killed.cut)
    assert finished.info["options"]["size"] == [16, 16, 32]
    assert finished.info["options"]["class_weights"] == [1.0, 0.5, 2.0]
    assert finished.info["class_weights"] == [1.0, 0.5, 2.0]
    assert (finished.info["validation_sample_photos"], finished.info["validation_photos"]) == (5, 8)
    assert finished.photos_scored == len(pd.read_csv(finished.folder / "images.csv")) == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("batch", [1, 2, 3, 4, 6])
def test_a_stopped_run_says_how_to_continue_and_continues_as_if_never_stopped(
    recipe, tmp_path, command, monkeypatch, number, batch
):
    assert command(run, *recipe, "--name", "whole").status == 0
    left, made = iter(range(batch, 0, -1)), training.training_batch

    def training_batch(*arguments):
        if next(left, 0) == 1:
            os.kill(os.getpid(), number)
        return made(*arguments)

    name = "a name that a shell would take apart"
    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        stopped = command(run, *recipe, "--name", name)
    assert stopped.status == 130
    assert read_run(tmp_path / name).status == "interrupted"
    saved = json.loads(read_tensors(tmp_path / name / "state.safetensors")[1]["training"])
    assert 3 * saved["epoch"] + saved["batch"] == batch  # three batches an epoch, and none lost

    told = next(line for line in stopped.out.splitlines() if line.startswith("  python -m experiments.run "))
    assert told.endswith(f" --data {recipe[-3]} --device cpu")
    assert command(run, *shlex.split(told)[3:]).status == 0
    assert read_run(tmp_path / name).status == "finished"
    pd.testing.assert_frame_equal(scores(tmp_path / name), scores(tmp_path / "whole"))
    assert_same_weights(tmp_path / name / "model.safetensors", tmp_path / "whole" / "model.safetensors")


@pytest.mark.parametrize("batch", [1, 3, 4, 6])
def test_a_second_ctrl_c_loses_no_more_than_the_epoch(recipe, tmp_path, command, monkeypatch, batch):
    assert command(run, *recipe, "--name", "whole").status == 0
    left, made = iter(range(batch, 0, -1)), training.training_batch

    def training_batch(*arguments):
        if next(left, 0) == 1:
            raise KeyboardInterrupt
        return made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        ended = command(run, *recipe)
    assert (ended.status, ended.error) == (130, "stopped")
    folder = tmp_path / "ce-s0"
    assert read_run(folder).status == "interrupted"
    with open(folder / "epochs.csv", "a") as file:  # as if it had been writing a row
        file.write("1")  # of 12, say
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    pd.testing.assert_frame_equal(scores(folder), scores(tmp_path / "whole"))


def again(recipe: list[object]) -> list[object]:
    """What of the options has to be typed again."""
    return ["--data", recipe[recipe.index("--data") + 1], "--device", "cpu"]


def test_a_run_killed_before_its_last_files_repeats_the_last_epoch(recipe, tmp_path, command, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_details", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.main([str(option) for option in recipe])
    folder = tmp_path / "ce-s0"
    assert (rows(folder), read_run(folder).status) == (2, "running")
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    assert read_run(folder).status == "finished"
    assert rows(folder) == 2
    assert len(pd.read_csv(folder / "images.csv")) == 8


def test_a_full_disk_ends_in_one_line_and_the_run_can_go_on(recipe, tmp_path, command):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # enough for the weights, not for the state
    try:
        ended = command(run, *recipe)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    folder = tmp_path / "ce-s0"
    assert ended.status == 1
    assert f"python -m experiments.run --resume {folder}" in ended.error
    assert read_run(folder).status == "failed"
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    assert rows(folder) == 2


# ---- what options do


def test_weights_of_every_epoch_are_kept_on_demand(recipe, tmp_path, command):
    assert command(run, *recipe, "--keep-epochs").status == 0
    folder = tmp_path / "ce-s0"
    kept = sorted((folder / "weights").iterdir())
    assert [path.name for path in kept] == ["epoch-001.safetensors", "epoch-002.safetensors"]
    assert [load_checkpoint(path)[1]["epoch"] for path in kept] == [1, 2]
    assert_same_weights(kept[1], folder / "model.safetensors")
    with pytest.raises(AssertionError):
        assert_same_weights(kept[0], kept[1])


def test_limits_take_a_sample_and_the_end_scores_all(recipe, tmp_path, command):
    assert command(run, *recipe, "--limit", 5, "--val-limit", 3).status == 0
    finished = read_run(tmp_path / "ce-s0")
    counts = [finished.info[f"{name}_photos"] for name in ("training", "validation_sample", "validation")]
    assert counts == [5, 3, 8]
    assert sum(finished.info["class_pixels"]["trainval"].values()) == 5 * 16 * 16
    assert len(pd.read_csv(finished.folder / "images.csv")) == 8


def test_pairs_left_out_are_counted(own_pets, tmp_path, narrow, command):
    (own_pets / "oxford-iiit-pet" / "images" / "Abyssinian_2.jpg").write_bytes(b"no photo")
    options = ["--loss", "ce", *SMALL, "--data", own_pets, "--out", tmp_path]
    refused = command(run, *options)
    assert refused.status == 2
    assert "Abyssinian_2.jpg" in refused.error
    assert refused.error.endswith(": repair or restore it, or pass --skip-bad to leave such pairs out")
    assert not (tmp_path / "ce-s0").exists()
    assert command(run, *options, "--skip-bad").status == 0
    info = read_run(tmp_path / "ce-s0").info
    assert info["skipped_pairs"] == {"trainval": 1, "test": 0}
    assert info["training_photos"] == 3


@pytest.mark.parametrize("scheme", ["median", "inverse"])
def test_class_weights_are_those_of_the_training_pixels(recipe, tmp_path, command, tiny_pets, scheme):
    chosen = [] if scheme == "median" else ["--class-weights", scheme]  # median is what `weighted` does by itself
    assert command(run, *recipe, "--loss", "weighted", *chosen).status == 0
    info = read_run(tmp_path / "weighted-s0").info
    masks = load_split(tiny_pets, "trainval", 16).masks
    pixels = [int((masks == number).sum()) for number in range(3)]
    # every photo holds every class, so a class's frequency is its share of all pixels
    expected = [(sorted(pixels)[1] if scheme == "median" else sum(pixels) / 3) / count for count in pixels]
    assert info["class_weights"] == pytest.approx(expected, rel=1e-5)
    assert info["options"]["class_weights"] == scheme


def test_a_run_that_needs_too_much_memory_fails_in_one_line(recipe, tmp_path, command, monkeypatch):
    def training_batch(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(training, "training_batch", training_batch)
    ended = command(run, *recipe)
    assert ended.status == 1
    assert ended.error.startswith("error: ce-s0 failed: the device's memory is full: lower --batch-size")
    assert read_run(tmp_path / "ce-s0").status == "failed"


@pytest.mark.parametrize("loss", ["ce", "focal"])
def test_a_diverged_run_fails_in_one_line(recipe, tmp_path, command, loss):
    ended = command(run, *recipe, "--loss", loss, "--lr", "1e30", "--epochs", 3)
    assert ended.status == 1
    assert ended.error.startswith(f"error: {loss}-s0 failed: ")
    assert "lower --lr" in ended.error
    failed = read_run(tmp_path / f"{loss}-s0")
    assert failed.status == "failed"
    assert failed.info["error"]


def test_the_best_recipe_is_used_unless_an_option_is_typed(recipe, tmp_path, command):
    assert command(run, *recipe, "--recipe", "best", "--soft-iou", 0.5).status == 0
    options = read_run(tmp_path / "ce-best-s0").info["options"]
    assert options["recipe"] == "best"
    assert {name: options[name] for name in RECIPES["best"]} == RECIPES["best"] | {"soft_iou": 0.5}
    assert not load_checkpoint(tmp_path / "ce-best-s0" / "model.safetensors")[0].config["final_relu"]


def test_a_run_with_photos_left_out_goes_on_without_the_list(recipe, tmp_path, command, monkeypatch):
    path = tmp_path / "names.txt"
    path.write_text("Abyssinian_2\nAbyssinian_7\nbeagle_47\n")
    recipe = [*recipe, "--exclude", path]
    assert command(run, *recipe, "--name", "whole").status == 0
    left, made = iter([False, True]), training.training_batch

    def training_batch(*arguments):
        if next(left, False):
            os.kill(os.getpid(), signal.SIGINT)
        return made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        assert command(run, *recipe).status == 130
    path.write_text("Abyssinian_3\n")
    folder = tmp_path / "ce-s0"
    refused = command(run, "--resume", folder, "--exclude", path, *again(recipe))
    assert (refused.status, "was not begun with this --exclude" in refused.error) == (2, True)
    path.unlink()
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    pd.testing.assert_frame_equal(scores(folder), scores(tmp_path / "whole"))
    assert_same_weights(folder / "model.safetensors", tmp_path / "whole" / "model.safetensors")
    assert read_run(folder).info["training_photos"] == 10


def test_a_run_with_photos_left_out_does_not_go_on_with_a_dataset_that_lacks_them(
    tiny_pets, recipe, tmp_path, command, draw_pets, monkeypatch
):
    monkeypatch.setattr(training, "training_batch", lambda *_: os.kill(os.getpid(), signal.SIGINT) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run.main([str(option) for option in (*recipe, "--exclude", "pug_1,")])
    other = draw_pets(tmp_path / "other", test=("Bengal_35",))
    ended = command(run, "--resume", tmp_path / "ce-s0", "--data", other, "--device", "cpu")
    assert "was begun with other photos: pug_1 is in no split" in ended.error
    assert ended.error.endswith(": pass the --data it was begun with")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("beagle_999\nAbyssinian_1", "beagle_999 is in no split of {data}: take it out of the list of --exclude"),
        ("b.jpg\na.jpg\nc", "a.jpg is in no split of {data} (and 2 more): take it"),
        ("\n".join(ALL_SCORED), "none of 8 photos would be left: take photos out of the list of --exclude"),
    ],
)
def test_a_list_that_cannot_be_left_out_is_told_in_one_line(recipe, tmp_path, tiny_pets, command, names, said):
    (tmp_path / "names.txt").write_text(names)
    ended = command(run, *recipe, "--exclude", tmp_path / "names.txt")
    assert ended.status == 2
    assert said.format(data=tiny_pets) in ended.error
    assert not (tmp_path / "ce-s0").exists()


def test_a_holdout_run_never_reads_the_test_split(tiny_pets, tmp_path, command, narrow):
    root = shutil.copytree(tiny_pets, tmp_path / "pets")
    annotations = root / "oxford-iiit-pet" / "annotations"
    for line in (annotations / "test.txt").read_text().splitlines():
        (root / "oxford-iiit-pet" / "images" / f"{line.split()[0]}.jpg").unlink()
    (annotations / "test.txt").unlink()
    assert command(run, "--loss", "ce", *SMALL, "--holdout", "--data", root, "--out", tmp_path).status == 0
    finished = read_run(tmp_path / "ce-holdout-s0")
    assert (finished.info["training_photos"], finished.info["validation_photos"]) == (10, 2)
    assert finished.info["class_pixels"].keys() == finished.info["skipped_pairs"].keys() == {"trainval", "holdout"}
    held = pd.read_csv(finished.folder / "images.csv")["name"].tolist()
    listed = [line.split()[0] for line in (annotations / "trainval.txt").read_text().splitlines()]
    assert held == listed[::10]


def test_a_run_begun_before_the_newest_options_goes_on(recipe, tmp_path, command, monkeypatch):
    recipe = [*recipe, "--jitter-of", "all"]  # as all runs had it then
    assert command(run, *recipe, "--name", "whole").status == 0
    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", lambda *_: os.kill(os.getpid(), signal.SIGINT) or 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.main([str(option) for option in recipe])
    folder = tmp_path / "ce-s0"
    info = json.loads((folder / "run.json").read_text())
    for name in ("recipe", "schedule", "warmup", "weight_decay", "crop", "soft_iou", "final_relu", "ema", "holdout"):
        del info["options"][name]
    for name in ("jitter_of", "exclude"):
        del info["options"][name]
    (folder / "run.json").write_text(json.dumps(info))
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    pd.testing.assert_frame_equal(scores(folder), scores(tmp_path / "whole"))


def test_details_of_an_unfinished_run_are_dropped_when_it_goes_on(recipe, tmp_path, command, monkeypatch):
    made, batches = training.training_batch, iter(range(5))

    def training_batch(*arguments):
        if next(batches) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return made(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        assert command(run, *recipe).status == 130
    folder = tmp_path / "ce-s0"
    assert command(evaluate, folder, "--details", *again(recipe)).status == 0
    assert len(pd.read_csv(folder / "images.csv")) == 8
    seen = []
    monkeypatch.setattr(writer, "write_details", lambda folder, *_: seen.extend(folder.glob("*.csv")))
    assert command(run, "--resume", folder, *again(recipe)).status == 0
    assert [path.name for path in seen] == ["epochs.csv"]


# ---- an existing folder


def test_a_folder_that_another_process_trains_is_left_alone(recipe, tmp_path, tiny_pets, command, narrow_processes):
    slow = ["--loss", "ce", "--size", "16", "--epochs", "999", "--device", "cpu", "--out", tmp_path]
    slow = [sys.executable, "-m", "experiments.run", *map(str, slow), "--data", tiny_pets]
    environment = os.environ | narrow_processes | {"SECONDS_A_BATCH": "0.2"}
    with open(tmp_path / "log", "w") as log:
        other = subprocess.Popen(slow, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    folder = tmp_path / "ce-s0"
    try:
        deadline = time.monotonic() + 120
        while rows(folder) < 0:
            assert other.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
        for options in (["--resume", folder, *again(recipe)], [*recipe, "--overwrite"]):
            refused = command(run, *options)
            assert refused.status == 2
            assert "ce-s0 is being trained by another process" in refused.error
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert command(run, *recipe, "--overwrite").status == 0  # a process that is gone holds nothing


def test_an_existing_run_is_left_alone_and_replaced_on_demand(recipe, tmp_path, command):
    assert command(run, *recipe).status == 0
    folder = tmp_path / "ce-s0"
    (folder / "notes.txt").write_text("of the first run")
    before = contents(folder)
    refused = command(run, *recipe, "--jitter", 0)
    assert refused.status == 2
    for remedy in ("--resume", "--overwrite", "--name"):
        assert remedy in refused.error
    assert contents(folder) == before

    assert command(run, *recipe, "--jitter", 0, "--overwrite").status == 0
    assert read_run(folder).info["options"]["jitter"] == 0
    after = contents(folder)
    assert after.keys() == before.keys()
    assert after["notes.txt"] == b"of the first run"  # no run's: it is somebody's
    assert after["model.safetensors"] != before["model.safetensors"]


def test_a_missing_dataset_is_told_with_what_to_type(tmp_path, command):
    ended = command(run, "--loss", "ce", "--data", tmp_path, "--device", "cpu", "--out", tmp_path / "runs")
    assert ended.status == 2
    fetch = f"python -m experiments.fetch --data {tmp_path}"
    assert ended.error.endswith(f"/ folder: pass --data DIR or set PETS_DATA, or run `{fetch}`")


def test_a_folder_that_is_no_run_is_never_deleted(recipe, tmp_path, command):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"dear to me")
    ended = command(run, *recipe, "--name", "photos", "--overwrite")
    assert ended.status == 2
    assert ended.error.endswith("photos is not a run, so it is left alone: pass --name NAME")
    assert contents(tmp_path / "photos") == {"holiday.jpg": b"dear to me"}


def test_a_run_refused_after_its_folder_was_made_can_be_begun_again(own_pets, tmp_path, narrow, command):
    for trimap in (own_pets / "oxford-iiit-pet" / "annotations" / "trimaps").iterdir():
        with Image.open(trimap) as image:
            image.point([0, 1, 2, 2] + [0] * 252).save(trimap)  # no border
    options = ["--loss", "weighted", *SMALL, "--data", own_pets, "--out", tmp_path]
    refused = command(run, *options)
    assert refused.status == 2
    assert "--class-weights median" in refused.error
    assert command(run, *options, "--class-weights", "1,1,1").status == 0


# ---- bad options


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--loss is missing"),
        (["--loss", "lovasz"], "choose from"),
        (["--loss", "ce", "--epochs", "0"], "--epochs"),
        (["--loss", "ce", "--epochs", "1.5"], "--epochs"),
        (["--loss", "ce", "--lr", "nan"], "--lr"),
        (["--loss", "ce", "--lr", "1e999"], "--lr"),
        (["--loss", "ce", "--lr-decay", "-1"], "--lr-decay"),
        (["--loss", "ce", "--batch-size", "0"], "--batch-size"),
        (["--loss", "ce", "--limit", "0"], "--limit"),
        (["--loss", "ce", "--jitter", "-0.1"], "--jitter"),
        (["--loss", "ce", "--seed", "-1"], "--seed"),
        (["--loss", "ce", "--seed", str(2**64)], "--seed"),
        (["--loss", "ce", "--size", "100"], "try 96"),
        (["--loss", "ce", "--size", "8"], "try 16"),
        (["--loss", "ce", "--class-weights", "median"], "use --loss weighted"),
        (["--loss", "weighted", "--class-weights", "none"], "use --loss ce"),
        (["--loss", "ce", "--gamma", "3"], "--loss ce takes no --gamma: leave it out, or use --loss focal"),
        (["--loss", "focal", "--label-smoothing", "0.1"], "--label-smoothing"),
        (["--loss", "ce", "--warmup", "21"], "--warmup 21 is longer than the run"),
        (["--loss", "ce", "--crop", "1.5"], "--crop"),
        (["--loss", "ce", "--ema", "-0.1"], "--ema"),
        (["--loss", "ce", "--ema", "nan"], "--ema"),
        (["--loss", "ce", "--soft-iou", "-1"], "--soft-iou"),
        (["--loss", "ce", "--schedule", "luck"], "--schedule"),
        (["--loss", "ce", "--recipe", "secret"], "--recipe"),
        (["--loss", "weighted", "--class-weights", "1,2"], "three numbers"),
        (["--loss", "weighted", "--class-weights", "1,two,3"], "three numbers"),
        (["--loss", "weighted", "--class-weights", "1,0,3"], "three numbers"),
        (["--loss", "weighted", "--class-weights", "1,nan,3"], "three numbers"),
        (["--loss", "ce", "--device", "warp"], "warp"),
        (["--loss", "ce", "--device", "cpu:x"], "cpu:x"),
        (["--loss", "ce", "--device", "cuda:99"], "cuda:99"),
        (["--loss", "ce", "--data", "nowhere"], "experiments.fetch"),
        (["--loss", "ce", "--dance"], "--dance"),
        (["--resume"], "--resume needs the run's folder"),
        (["--resume", "nowhere"], "nowhere is neither a run nor a path"),
        (["--resume", "--loss", "ce", "--seed", "77"], "ce-s77 is not a run"),
    ],
)
def test_a_bad_option_ends_in_one_line_before_anything_is_written(command, tmp_path, tiny_pets, options, said):
    ended = command(run, "--data", tiny_pets, "--out", tmp_path / "runs", *options)
    assert ended.status == 2
    assert said in ended.error
    assert len(ended.err.splitlines()) == 1
    assert ended.out == ""
    assert not (tmp_path / "runs").exists()


def told_commands(line: str) -> list[list[str]]:
    """What is to be typed behind `python -m experiments.run`, of each such command between backquotes in a line."""
    quoted = [shlex.split(words) for words in line.split("`")[1::2]]
    return [words[3:] for words in quoted if words[:3] == ["python", "-m", "experiments.run"]]


@pytest.fixture
def stopped(tiny_runs, tmp_path) -> Path:
    """A run of 12 photos that says it was interrupted."""
    folder = tmp_path / "ce-s0"
    folder.mkdir()
    info = json.loads((tiny_runs / "ce-s0" / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | {"status": "interrupted"}))
    return folder


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lr", "0.5"], "--lr"),
        (["--epochs", "30"], "--epochs"),
        (["--size", "16"], "--size"),
        (["--batch-size", "5"], "--batch-size"),
        (["--progressive"], "--progressive"),
        (["--loss", "focal"], "--loss"),
    ],
)
def test_a_run_is_not_resumed_with_other_options(command, stopped, tiny_pets, options, said):
    before = contents(stopped)
    ended = command(run, "--resume", stopped, "--data", tiny_pets, *options)
    assert ended.status == 2
    assert f"was not begun with this {said}:" in ended.error
    assert contents(stopped) == before


def test_a_run_is_not_resumed_on_other_photos(command, stopped, own_pets):
    before = contents(stopped)
    ended = command(run, "--resume", stopped, "--data", own_pets, "--device", "cpu")
    assert ended.status == 2
    assert "12 training photos" in ended.error
    assert "--data" in ended.error
    assert contents(stopped) == before


def test_a_run_is_not_resumed_on_another_kind_of_device(command, stopped, tiny_pets):
    info = json.loads((stopped / "run.json").read_text())
    info["environment"]["device"] = "cuda"
    (stopped / "run.json").write_text(json.dumps(info))
    ended = command(run, "--resume", stopped, "--data", tiny_pets, "--device", "cpu")
    assert ended.status == 2
    assert "--device cuda" in ended.error


def test_a_finished_run_is_not_resumed(command, tiny_runs, tiny_pets):
    before = contents(tiny_runs / "ce-s0")
    ended = command(run, "--resume", tiny_runs / "ce-s0", "--data", tiny_pets)
    assert ended.status == 2
    assert "is finished" in ended.error
    assert contents(tiny_runs / "ce-s0") == before


def test_that_a_run_is_finished_is_said_before_what_its_options_contradict(command, tiny_runs, tiny_pets):
    ended = command(run, "--resume", tiny_runs / "ce-s0", "--lr", "0.5", "--data", tiny_pets)
    assert ended.status == 2
    assert "is finished" in ended.error
    assert "--lr" not in ended.error


def test_a_run_is_not_resumed_from_a_damaged_state(command, stopped, tiny_pets):
    (stopped / "state.safetensors").write_bytes(b"cut short")
    ended = command(run, "--resume", stopped, "--data", tiny_pets, "--device", "cpu")
    assert ended.status == 2
    assert "state.safetensors" in ended.error


def test_a_run_is_not_resumed_from_something_else_than_its_state(command, stopped, tiny_pets, tiny_runs, narrow):
    shutil.copy(tiny_runs / "ce-s0" / "model.safetensors", stopped / "state.safetensors")
    ended = command(run, "--resume", stopped, "--data", tiny_pets, "--device", "cpu")
    assert ended.status == 2
    assert "state.safetensors is not a training state" in ended.error
    remedy = told_commands(ended.error)[-1]
    assert "--overwrite" in remedy
    assert command(run, *remedy).status == 0
    assert read_run(stopped).status == "finished"


# ---- imports go one way


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]


def test_everything_but_the_app_works_without_gradio_and_plotly():
    names = [".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in modules("seg", "experiments")]
    code = f"""
import importlib, sys
sys.modules["gradio"] = sys.modules["plotly"] = None
for name in {names}:
    importlib.import_module(name)
from experiments.store.probe import sample_photos
print(*sample_photos())
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["chelsea"]


@pytest.mark.parametrize("name", ["a/b", "../elsewhere", "/tmp/run", "", ".hidden", "-x"])
def test_a_name_that_is_no_folder_s_is_refused_before_anything_is_read(command, tmp_path, name):
    ended = command(run, "--loss", "ce", f"--name={name}", "--out", tmp_path, "--data", tmp_path)
    assert ended.status == 2
    assert "cannot be a folder's name" in ended.error
    assert list(tmp_path.iterdir()) == []


def stop_in_epoch_two(monkeypatch, command, recipe: list[object]) -> None:
    """Begin the run of this recipe and interrupt it after its first epoch."""
    batches = []

    def training_batch(*rest: object) -> tuple:
        batches.append(1)
        if len(batches) == 5:  # of three an epoch
            os.kill(os.getpid(), signal.SIGINT)
        return original(*rest)

    original = training.training_batch
    with monkeypatch.context() as patch:
        patch.setattr(training, "training_batch", training_batch)
        assert command(run, *recipe).status == 130


@pytest.mark.parametrize("begun", ["fp32", "bf16"])
def test_a_run_begun_with_auto_keeps_its_precision_wherever_it_goes_on(recipe, tmp_path, command, monkeypatch, begun):
    monkeypatch.setattr(begin, "choose_precision", lambda device: begun)
    assert command(run, *recipe, "--name", "whole").status == 0
    stop_in_epoch_two(monkeypatch, command, recipe)
    # the processor that it goes on with would choose the other
    monkeypatch.setattr(begin, "choose_precision", lambda device: {"fp32": "bf16", "bf16": "fp32"}[begun])
    folder, data = tmp_path / "ce-s0", again(recipe)
    other = {"fp32": "bf16", "bf16": "fp32"}[begun]
    assert "not begun with this --precision" in command(run, "--resume", folder, "--precision", other, *data).error
    ended = command(run, "--resume", folder, "--precision", "auto", *data)
    assert (ended.status, ended.told) == (0, [])
    assert_same_weights(folder / "model.safetensors", tmp_path / "whole" / "model.safetensors")
    pd.testing.assert_frame_equal(scores(folder), scores(tmp_path / "whole"))
    assert read_run(folder).info["environment"]["precision"] == begun


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"threads": 3}, "threads 3, now 1"),
        ({"device_name": "an abacus"}, "device an abacus, now "),
        ({"packages": {"torch": "1.0.0"}}, "torch 1.0.0, now "),
        ({"threads": 3, "packages": {"torch": "1.0.0"}}, "threads 3, now 1; torch 1.0.0, now "),
    ],
    ids=str,
)
def test_what_a_run_goes_on_with_is_told_where_it_differs_and_both_are_recorded(
    recipe, tmp_path, command, monkeypatch, changed, said
):
    stop_in_epoch_two(monkeypatch, command, recipe)
    path = tmp_path / "ce-s0" / "run.json"
    info = json.loads(path.read_text())
    begun = info["environment"] | changed
    path.write_text(json.dumps(info | {"environment": begun}))
    ended = command(run, "--resume", tmp_path / "ce-s0", *again(recipe))
    assert ended.status == 0
    assert ended.error.startswith("note: ce-s0 was begun with ")
    assert said in ended.error
    after = json.loads(path.read_text())
    assert after["environment"] == begun
    (resumed,) = after["resumed"]
    assert resumed["environment"] == info["environment"]
    assert resumed["epoch"] == 2
    assert resumed["at"] >= after["started"]


@pytest.mark.parametrize("older", [False, True], ids=["recorded now", "recorded with its threads in its name"])
def test_what_a_run_goes_on_with_is_not_told_where_nothing_differs(recipe, tmp_path, command, monkeypatch, older):
    stop_in_epoch_two(monkeypatch, command, recipe)
    if older:
        path = tmp_path / "ce-s0" / "run.json"
        info = json.loads(path.read_text())
        info["environment"]["device_name"] += f", {info['environment'].pop('threads')} threads"
        path.write_text(json.dumps(info))
    ended = command(run, "--resume", tmp_path / "ce-s0", *again(recipe))
    assert (ended.status, ended.told) == (0, [])


def test_a_run_that_starts_over_is_recorded_as_begun_where_it_starts_over(recipe, tmp_path, command, monkeypatch):
    stop_in_epoch_two(monkeypatch, command, recipe)
    path = tmp_path / "ce-s0" / "run.json"
    info = json.loads(path.read_text())
    path.write_text(
        json.dumps(info | {"started": "2001", "environment": info["environment"] | {"device_name": "Abacus"}})
    )
    (tmp_path / "ce-s0" / "state.safetensors").unlink()
    ended = command(run, "--resume", tmp_path / "ce-s0", *again(recipe))
    assert ended.status == 0
    assert ended.error.endswith("ce-s0 has no state.safetensors: it starts over from epoch 1")
    after = json.loads(path.read_text())
    assert after["environment"] == info["environment"]
    assert after["started"] > "2001"
    assert "resumed" not in after
