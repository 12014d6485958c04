"""A run's files are written in an order in which a kill loses no more than an epoch, and a record is added to."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from experiments.store import epochs as epochs_csv
from experiments.store import writer
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.folder import create_folder, state_path
from experiments.store.probe import mosaic_path
from experiments.store.recorded_options import recorded
from experiments.store.runs import BadRun, read_run
from experiments.store.scored.details import Scored, write_control
from experiments.store.writer import RunWriter, record_scores
from seg.evaluation import Evaluation
from seg.options import Options
from seg.training import EpochResult
from tests.experiments.conftest import made_up

EPOCHS = 3
PHOTOS = ["a_1", "b_2"]
LAYOUT = {"tile": 8, "columns": 1, "tiles": []}
PROJECT = Path(__file__).parents[3]


OPTIONS = Options(loss="ce", epochs=EPOCHS, keep_epochs=True)


def described(**more: object) -> dict:
    return {"environment": {"device": "cpu", "host": "first"}, "training_photos": 2} | more


def evaluation(epoch: int) -> Evaluation:
    one = torch.full((2,), epoch / 4, dtype=torch.float64)
    return Evaluation(
        loss=1 / (1 + epoch),
        confusions=torch.arange(18).reshape(2, 3, 3) + epoch,
        cross_entropy=one,
        custom_iou=one,
        boundary_iou=one * float("nan"),
        details=None,
    )


def scored(epoch: int = EPOCHS) -> Scored:
    """What is known of single photos after the last epoch."""
    rest = made_up(evaluation(epoch).confusions.numpy(), PHOTOS)
    return replace(rest, evaluation=replace(evaluation(epoch), details=rest.evaluation.details))


def result(epoch: int) -> EpochResult:
    return EpochResult(epoch, 1.5, float("nan") if epoch == 0 else 10.0, 0.001, epoch / 10, evaluation(epoch))


def mosaic(epoch: int) -> Image.Image:
    image = Image.new("P", (8, 8), epoch)
    image.putpalette(range(24))
    return image


def state(epoch: int) -> SimpleNamespace:
    """A state that does nothing but say which epoch it is of."""
    return SimpleNamespace(save=lambda path, *_: path.write_text(str(epoch)), scored_model=epoch)


def small_checkpoint(path: Path, model: int, **metadata: object) -> None:
    """A checkpoint that holds what it was told and no weights."""
    path.write_text(json.dumps({"model": model} | metadata))


@pytest.fixture(autouse=True, scope="module")
def quick_writing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "save_checkpoint", small_checkpoint)
        patch.setattr(os, "fsync", lambda _: None)  # a hundred runs are written, and nobody pulls the plug
        yield


def train(folder: Path, *, resuming: bool = False, until: int = EPOCHS, **more: object) -> RunWriter:
    """What training does: begin, or go on after the epoch that the state tells of; and finish after the last."""
    if resuming:
        after = int(state_path(folder).read_text()) if state_path(folder).exists() else -1
        writing = RunWriter.resume(folder, OPTIONS, described(**more), LAYOUT, after=after)
    else:
        after = -1
        create_folder(folder, overwrite=True)
        writing = RunWriter.begin(folder, OPTIONS, described(**more), LAYOUT)
    for epoch in range(after + 1, until + 1):
        writing.epoch(result(epoch), mosaic(epoch), state(epoch), input_size=16 + epoch)
    if until == EPOCHS:
        writing.finished(scored())
    return writing


def contents(folder: Path) -> dict[str, bytes]:
    """All files, run.json without its times and its resumptions."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    info = json.loads(files["run.json"])
    files["run.json"] = json.dumps({name: info[name] for name in info if name not in ("started", "ended", "resumed")})
    return files


def info(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


@pytest.fixture(scope="module")
def counted() -> Callable[[int], object]:
    """`with counted(n) as calls:` counts what changes files, and raises SystemExit instead of the n-th change."""

    class Counted:
        def __init__(self, last: int) -> None:
            self.last, self.calls = last, 0
            self.patch = pytest.MonkeyPatch()

        def __enter__(self) -> "Counted":
            for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync"), (os, "open")):
                self.patch.setattr(owner, name, self.watched(getattr(owner, name)))
            return self

        def watched(self, function: Callable) -> Callable:
            def call(*arguments: object, **named: object) -> object:
                self.calls += 1
                if self.calls > self.last:  # nothing after it happens either, as when a process is killed
                    raise SystemExit(9)
                return function(*arguments, **named)

            return call

        def __exit__(self, *_: object) -> None:
            self.patch.undo()

    return Counted


# ---- what is written


def test_a_whole_run_leaves_the_files_of_the_contract(tmp_path):
    folder = tmp_path / "run"
    train(folder)
    epochs = [f"{epoch:03d}" for epoch in range(EPOCHS + 1)]
    assert set(contents(folder)) == {
        *("run.json", "epochs.csv", "model.safetensors"),
        *("images.csv", "bands.csv", "calibration.csv", "margins.npz"),
        *("predictions/probe.json", *(f"predictions/epoch-{epoch}.png" for epoch in epochs)),
        *(f"weights/epoch-{epoch}.safetensors" for epoch in epochs[1:]),
    }
    said = info(folder)
    assert list(said)[:5] == ["format", "options", "status", "started", "ended"]
    assert (said["format"], said["status"], said["training_photos"]) == (1, "finished", 2)
    assert said["started"] <= said["ended"]
    assert said["scores"]["val_loss"] == 0.25
    assert said["scores"]["boundary_iou"] is None
    checkpoint = json.loads((folder / "model.safetensors").read_text())
    assert (checkpoint["epoch"], checkpoint["input_size"], checkpoint["loss"]) == (3, 19, "ce")
    assert checkpoint["scores"] == said["scores"]
    run = read_run(folder)
    assert run.epochs["train_loss"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert run.epochs["images_per_second"].isna().tolist() == [True, False, False, False]
    with Image.open(mosaic_path(run.folder, 2)) as image:
        assert image.getpixel((0, 0)) == 2


def test_run_json_tells_how_far_a_run_is(tmp_path):
    folder = tmp_path / "run"
    create_folder(folder, overwrite=False)
    writing = RunWriter.begin(folder, OPTIONS, described(), LAYOUT)
    assert (info(folder)["status"], info(folder)["scores"], info(folder)["ended"]) == ("running", None, None)
    writing.epoch(result(0), mosaic(0), state(0), input_size=16)
    assert info(folder)["scores"]["val_loss"] == 1
    assert not state_path(folder).exists()
    assert not (folder / "model.safetensors").exists()
    writing.interrupted(state(0))
    assert state_path(folder).read_text() == "0"
    assert info(folder)["status"] == "interrupted"
    assert info(folder)["ended"]
    writing.failed("no luck")
    assert (info(folder)["status"], info(folder)["error"]) == ("failed", "no luck")


def test_an_interruption_without_a_state_keeps_the_one_before(tmp_path):
    train(tmp_path / "run", until=2).interrupted(None)
    assert state_path(tmp_path / "run").read_text() == "2"


def half_of_it(path: Path, *_: object, **__: object) -> None:
    path.write_bytes(b"half of it")
    raise OSError(28, "No space left on device")


def test_weights_that_cannot_be_written_leave_the_old_ones_and_no_part_of_the_new(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    writing, after = train(folder, until=1), state(2)
    before = {path.name: path.read_bytes() for path in folder.rglob("*safetensors*")}
    assert before.keys() == {"model.safetensors", "state.safetensors", "epoch-001.safetensors"}
    with monkeypatch.context() as patch:
        patch.setattr(writer, "save_checkpoint", half_of_it)
        with pytest.raises(OSError, match="No space left"):
            writing.epoch(result(2), mosaic(2), after, input_size=16)
    after.save = half_of_it
    with pytest.raises(OSError, match="No space left"):
        writing.interrupted(after)
    assert {path.name: path.read_bytes() for path in folder.rglob("*safetensors*")} == before


# ---- killed and resumed


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    """The files of a run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(folder)
    return contents(folder)


def test_wherever_a_run_is_cut_short_it_resumes_to_the_same_files(tmp_path, counted, whole):
    with counted(10**9) as all_of_them:
        train(tmp_path / "all")
    assert all_of_them.calls > 50
    for last in range(all_of_them.calls):
        folder = tmp_path / str(last)
        with counted(last), pytest.raises(SystemExit):
            train(folder)
        if not (folder / "run.json").exists():
            continue
        done = read_run(folder).epochs_trained
        if state_path(folder).exists():
            assert int(state_path(folder).read_text()) in (done, done - 1)
        else:
            assert done <= 1
        train(folder, resuming=True)
        assert contents(folder) == whole, last


def test_a_resumption_that_is_cut_short_can_be_repeated(tmp_path, counted, whole):
    with counted(10**9) as all_of_them:
        train(tmp_path / "all", until=2)
        train(tmp_path / "all", resuming=True)
    with counted(10**9) as first:
        train(tmp_path / "first", until=2)
    for last in range(first.calls, all_of_them.calls, 3):
        folder = tmp_path / str(last)
        with counted(last), pytest.raises(SystemExit):
            train(folder, until=2)
            train(folder, resuming=True)
        train(folder, resuming=True)
        assert contents(folder) == whole, last


KILLED = """
import os, sys
from pathlib import Path
from tests.experiments.store import test_writer as t
t.writer.save_checkpoint = t.small_checkpoint
made = Path.replace
def replace(path, target):
    if target.name == sys.argv[2] and sys.argv[3] in path.read_text():
        os.kill(os.getpid(), 9)
    return made(path, target)
Path.replace = replace
t.train(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("file", "holding", "kept"),
    [("state.safetensors", "2", 1), ("state.safetensors", "1", -1), ("run.json", '"val_loss": 0.3333', 1)],
)
def test_a_killed_process_repeats_the_epoch_whose_state_it_did_not_write(tmp_path, whole, file, holding, kept):
    folder = tmp_path / "run"
    ended = subprocess.run([sys.executable, "-c", KILLED, folder, file, holding], cwd=PROJECT, capture_output=True)
    assert ended.returncode == -9, ended.stderr
    assert read_run(folder).epochs_trained == max(kept, 0) + 1
    train(folder, resuming=True)
    assert contents(folder) == whole
    # one that starts over is begun anew
    assert [each["epoch"] for each in info(folder).get("resumed", [])] == ([kept + 1] if kept >= 0 else [])


# ---- a record is added to


def test_a_resumption_is_added_to_what_the_run_says_of_its_beginning(tmp_path):
    folder = tmp_path / "run"
    train(folder, until=1).failed("the disk is full")
    begun = info(folder) | {"started": "2020-02-02T02:02:02+00:00", "note": "of a later version"}
    (folder / "run.json").write_text(json.dumps(begun))
    train(folder, resuming=True, until=2, environment={"device": "cpu", "host": "second"}, training_photos=3)
    train(folder, resuming=True, environment={"device": "cpu", "host": "third"})
    said = info(folder)
    assert (said["started"], said["note"]) == ("2020-02-02T02:02:02+00:00", "of a later version")
    assert said["environment"] == {"device": "cpu", "host": "first"}
    assert [(each["epoch"], each["environment"]["host"]) for each in said["resumed"]] == [(2, "second"), (3, "third")]
    assert all(each["at"] > said["started"] for each in said["resumed"])
    assert said["status"] == "finished"
    assert "error" not in said


def test_an_older_run_that_does_not_say_where_it_was_begun_is_not_made_to(tmp_path):
    folder = tmp_path / "run"
    train(folder, until=1)
    (folder / "run.json").write_text(
        json.dumps({"options": recorded(OPTIONS), "status": "interrupted", "environment": None})
    )
    train(folder, resuming=True)
    assert info(folder)["environment"] is None
    assert info(folder)["format"] == 1
    assert info(folder)["started"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    missing=st.sets(st.sampled_from(EPOCH_COLUMNS[1:]), max_size=6),
    unknown=st.lists(st.sampled_from(["dice", "note", "α"]), unique=True),
    order=st.randoms(use_true_random=False),
)
def test_a_resumed_run_keeps_the_columns_that_its_file_has(tmp_path, missing, unknown, order):
    folder = tmp_path / "run"
    train(folder, until=1)
    table = pd.read_csv(folder / "epochs.csv", dtype=str, keep_default_na=False).drop(columns=list(missing))
    table = table.assign(**dict.fromkeys(unknown, "0.125"))
    columns = order.sample(list(table.columns), len(table.columns))
    table[columns].to_csv(folder / "epochs.csv", index=False)
    train(folder, resuming=True)

    written = pd.read_csv(folder / "epochs.csv", dtype=str, keep_default_na=False)
    assert written.columns.tolist() == columns
    pd.testing.assert_frame_equal(written.head(2), table[columns])
    for name in unknown:
        assert written[name].tolist() == ["0.125", "0.125", "", ""]
    train(tmp_path / "whole")
    epochs, whole = read_run(folder).epochs, read_run(tmp_path / "whole").epochs
    pd.testing.assert_frame_equal(
        epochs[list(EPOCH_COLUMNS)].drop(columns=list(missing)), whole.drop(columns=list(missing))
    )


def test_a_score_that_came_later_is_left_out_of_a_file_that_lacks_it(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    train(folder, until=1)
    scores = Evaluation.scores
    for module in (epochs_csv, writer):
        monkeypatch.setattr(module, "EPOCH_COLUMNS", (*EPOCH_COLUMNS, "dice"))
    monkeypatch.setattr(Evaluation, "scores", lambda self: scores(self) | {"dice": 0.5})
    train(folder, resuming=True)
    assert (folder / "epochs.csv").read_text().splitlines()[0] == ",".join(EPOCH_COLUMNS)
    assert read_run(folder).epochs["dice"].isna().all()
    train(tmp_path / "new")
    assert read_run(tmp_path / "new").epochs["dice"].tolist() == [0.5] * 4


def test_files_that_are_not_the_runs_are_left_alone(tmp_path):
    folder = tmp_path / "run"
    train(folder, until=2)
    names = ("epoch-002 (conflicted copy).png", "epoch-x.png", "epoch-9.png", "epoch-003.png.bak", "notes.txt")
    for name in names:
        (folder / "predictions" / name).write_text("mine")
    (folder / "predictions" / "epoch-004.png").write_text("of a run that was longer")
    train(folder, resuming=True)
    assert all((folder / "predictions" / name).read_text() == "mine" for name in names)
    assert not (folder / "predictions" / "epoch-004.png").exists()


def test_a_damaged_table_is_told_before_anything_is_touched(tmp_path):
    folder = tmp_path / "run"
    train(folder, until=2)
    with open(folder / "epochs.csv", "a") as file:
        file.write("3,much\n")
    before = contents(folder)
    with pytest.raises(BadRun, match=r"epochs\.csv, line 5"):
        train(folder, resuming=True)
    assert contents(folder) == before


# ---- scored by a later pass


def test_details_and_controls_are_deleted_before_the_weights_change(tmp_path):
    folder = tmp_path / "run"
    writing = train(folder)
    write_control(folder, "mirrored", scored())
    writing.interrupted(state(2))  # as if the last epoch had been broken off and is done again
    assert (folder / "controls" / "mirrored" / "margins.npz").exists()
    RunWriter.resume(folder, OPTIONS, described(), LAYOUT, after=2)
    left = {path.name for path in folder.iterdir() if path.is_file()}
    assert left == {"run.json", "epochs.csv", "model.safetensors", "state.safetensors"}
    assert not (folder / "controls").exists()


def test_what_a_later_pass_found_takes_the_place_of_what_the_last_epoch_did(tmp_path):
    folder = tmp_path / "run"
    train(folder)
    before = info(folder)
    record_scores(folder, scored(2), ["b_2", "c_3"])
    said = info(folder)
    expected = evaluation(2).scores()
    # the loss that the run was trained with is another one than a later pass has
    assert said["scores"]["val_loss"] == before["scores"]["val_loss"] == 0.25
    assert said["scores"]["boundary_iou"] is None
    for name in ("pixel_accuracy", "border_f1", "custom_iou"):
        assert said["scores"][name] == pytest.approx(expected[name])
    assert said["scores"]["border_f1"] != before["scores"]["border_f1"]
    made = said.pop("scored")
    assert (made["precision"], made["commit"], made["exclude"]) == ("fp32", "0000000", ["b_2", "c_3"])
    assert made["at"] >= before["ended"]
    assert {name: said[name] for name in said if name != "scores"} == {
        name: before[name] for name in before if name != "scores"
    }


def test_a_run_that_was_stopped_right_after_it_was_resumed_can_be_scored(tmp_path):
    """Its record has no scores then, and its weights are those of the epoch before."""
    folder = tmp_path / "run"
    train(folder, until=2).interrupted(state(2))
    RunWriter.resume(folder, OPTIONS, described(), LAYOUT, after=2).interrupted(None)
    assert info(folder)["scores"] is None
    record_scores(folder, scored(2))
    assert info(folder)["scores"]["val_loss"] is None
    assert info(folder)["scores"]["pixel_accuracy"] == pytest.approx(evaluation(2).scores()["pixel_accuracy"])


def test_a_run_whose_record_is_lost_keeps_its_state_where_the_disk_is_full(tmp_path, quick_writing, monkeypatch):
    folder = tmp_path / "ce-s0"
    writing = train(folder, until=2)
    (folder / "run.json").unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writer, "write_json", full)
    there = sorted(folder.rglob("*"))
    writing.failed("the disk is full")
    assert state_path(folder) in there
    assert sorted(folder.rglob("*")) == there
