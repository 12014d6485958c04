"""`experiments.run --log` keeps the curves of `epochs.csv` in other tools, too, and nothing they do stops a run."""

import json
import os
import signal
import struct
import subprocess
import sys
import venv
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from experiments import run, sweep
from experiments.curves.tools import LOGGERS, Logger
from experiments.store.runs import find_runs

PROJECT = Path(__file__).parents[2]
SMALL = ["--size", "16", "--batch-size", "4", "--epochs", "2", "--device", "cpu", "--loss", "ce"]


def needs(package: str) -> None:
    pytest.importorskip(package, reason=f"{package} is optional: pip install {package}")


def trained(*options: object, status: int = 0, python: object = sys.executable, **environment: str) -> str:
    """What a process of its own prints that trains a run."""
    command = [str(python), "-m", "experiments.run", *map(str, options)]
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKIO_", "WANDB_"))}
    ended = subprocess.run(command, cwd=PROJECT, env=elsewhere | environment, capture_output=True, text=True)
    assert ended.returncode == status, ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def resumed(tmp_path_factory, tiny_pets, narrow_processes) -> Path:
    """A folder of `ce-s0`, killed in its second epoch and resumed, both logged with every tool that is light."""
    names = [name for name in ("tensorboard", "trackio") if _is_there(name)]
    if not names:
        pytest.skip("neither tensorboard nor trackio is installed")
    out = tmp_path_factory.mktemp("logged")
    options = [*SMALL, "--data", tiny_pets, "--out", out, *(f"--log={name}" for name in names)]
    # 2 batches of scoring, then 3 + 2 an epoch: in the second
    trained(*options, status=-signal.SIGKILL, KILLED_IN_BATCH="5", **narrow_processes)
    assert len((out / "ce-s0" / "epochs.csv").read_text().splitlines()) == 3
    said = trained("--resume", out / "ce-s0", "--data", tiny_pets, *options[-len(names) :], **narrow_processes)
    assert "left out" not in said
    for name in names:
        assert f"{name} has the curves: `" in said
    return out


def _is_there(package: str) -> bool:
    try:
        needs(package)
    except pytest.skip.Exception:
        return False
    return True


def csv_curves(folder: Path) -> dict[str, dict[int, float]]:
    """Each column's values by epoch, as `epochs.csv` has them."""
    rows = pd.read_csv(folder / "epochs.csv").set_index("epoch")
    return {name: column.dropna().to_dict() for name, column in rows.items() if column.notna().any()}


def mosaic(folder: Path, epoch: int) -> np.ndarray:
    with Image.open(folder / "predictions" / f"epoch-{epoch:03d}.png") as file:
        return np.asarray(file.convert("RGB"))


def test_tensorboard_reads_each_epoch_of_a_resumed_run_once(resumed):
    needs("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(resumed / "tensorboard" / "ce-s0"), {"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()
    due = csv_curves(resumed / "ce-s0")
    assert set(events.Tags()["scalars"]) == set(due)
    for name, curve in due.items():
        told = events.Scalars(name)
        assert [event.step for event in told] == list(curve)
        assert [event.value for event in told] == pytest.approx(list(curve.values()), rel=1e-6)
    images = events.Images("predictions")
    assert [image.step for image in images] == [0, 1, 2]
    for image in images:
        path = resumed / "image.png"
        path.write_bytes(image.encoded_image_string)
        with Image.open(path) as file:
            np.testing.assert_array_equal(np.asarray(file.convert("RGB")), mosaic(resumed / "ce-s0", image.step))
    (options,) = events.Tensors("options/text_summary")
    assert "loss: ce" in options.tensor_proto.string_val[0].decode()


READ_TRACKIO = """
import json
from trackio.sqlite_storage import SQLiteStorage
(run,) = SQLiteStorage.get_runs("borderline")
print(json.dumps([run, SQLiteStorage.get_run_config("borderline", run), SQLiteStorage.get_logs("borderline", run)]))
"""


def trackio_reads(folder: Path) -> tuple[str, dict, list[dict]]:
    environment = os.environ | {"TRACKIO_DIR": str(folder)}
    command = [sys.executable, "-c", READ_TRACKIO]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def test_trackio_reads_each_epoch_of_a_resumed_run_once(resumed):
    needs("trackio")
    name, config, rows = trackio_reads(resumed / "trackio")
    assert name == "ce-s0"
    assert (config["loss"], config["size"]) == ("ce", 16)
    assert [row["step"] for row in rows] == [0, 1, 2]
    for column, curve in csv_curves(resumed / "ce-s0").items():
        assert {row["step"]: row[column] for row in rows if column in row} == pytest.approx(curve)
    media = resumed / "trackio" / "media"
    assert len(list(media.rglob("*.png"))) == 3
    for row in rows:
        with Image.open(media / row["predictions"]["file_path"]) as file:
            np.testing.assert_array_equal(np.asarray(file.convert("RGB")), mosaic(resumed / "ce-s0", row["step"]))


def test_a_run_that_takes_anothers_place_and_name_takes_its_curves_place_too(tmp_path, tiny_pets, narrow_processes):
    needs("trackio")
    options = [*SMALL, "--data", tiny_pets, "--out", tmp_path, "--log", "trackio"]
    # whoever has a server elsewhere named for other projects sends it nothing
    environment = narrow_processes | {"TRACKIO_SERVER_URL": "http://127.0.0.1:9"}
    trained(*options, "--seed", "1", "--name", "run", **environment)
    said = trained(*options, "--seed", "2", "--name", "run", "--epochs", "1", "--overwrite", **environment)
    assert "left out" not in said
    _, config, rows = trackio_reads(tmp_path / "trackio")
    assert config["seed"] == 2
    assert [row["step"] for row in rows] == [0, 1]


def test_what_the_tools_keep_is_no_run_and_harms_none(resumed):
    found, broken = find_runs([resumed])
    assert [one.name for one in found] == ["ce-s0"]
    assert broken == []
    assert not any("tensorboard" in path.name or "trackio" in path.name for path in (resumed / "ce-s0").rglob("*"))


# ---- a tool that does wrong


class Kept:
    """A tool that keeps what it is told, and fails where it is to."""

    see = "look"

    def __init__(self, fails_in: object = None, wrong: BaseException | None = None) -> None:
        self.epochs: dict[int, dict[str, float]] = {}
        self.finished = 0
        self.asked_to_finish = 0
        self.fails_in = fails_in
        self.wrong = wrong

    def start(self, folder: Path, info: dict) -> "Kept":
        self.fail("start")
        return self

    def epoch(self, number: int, scores: dict[str, float], mosaic: Image.Image) -> None:
        self.fail(number)
        assert number not in self.epochs
        self.epochs[number] = scores

    def finish(self) -> None:
        self.asked_to_finish += 1
        self.fail("finish")
        self.finished += 1

    def fail(self, here: object) -> None:
        if here == self.fails_in:
            raise self.wrong or OSError(28, "No space left\non device")


@pytest.fixture
def tools(monkeypatch) -> Callable[..., None]:
    """`tools(one=..., two=...)` are the tools that there are; their package is one that everybody has."""

    def only(**kept: Kept) -> None:
        for name in list(LOGGERS):
            monkeypatch.delitem(LOGGERS, name)
        for name, tool in kept.items():
            monkeypatch.setitem(LOGGERS, name, Logger("json", tool.start))

    return only


@pytest.mark.parametrize("where", ["start", 0, 1, "finish"])
def test_a_tool_that_fails_is_named_once_and_neither_the_run_nor_another_tool_notices(
    where, tools, tiny_pets, tmp_path, narrow, capsys
):
    bad, good = Kept(fails_in=where), Kept()
    tools(bad=bad, good=good)
    options = [*SMALL, "--data", str(tiny_pets), "--out", str(tmp_path)]
    assert run.main([*options, "--log", "bad", "--log", "good", "--log", "good"]) == 0
    printed = capsys.readouterr()
    said = [line for line in printed.err.split("\n") if "bad is left out" in line]
    assert [line.strip().split("\r")[-1].strip() for line in said] == [
        "bad is left out from here on, and the run goes on: [Errno 28] No space left on device"
    ]
    assert "bad has" not in printed.out
    assert "good has the curves: `look`" in printed.out
    assert good.epochs == {
        epoch: {name: curve[epoch] for name, curve in csv_curves(tmp_path / "ce-s0").items() if epoch in curve}
        for epoch in (0, 1, 2)
    }
    # what has begun is closed once, also where it is left out
    assert (good.finished, bad.finished) == (1, 1 if where in (0, 1) else 0)
    assert bad.asked_to_finish == (0 if where == "start" else 1)
    assert json.loads((tmp_path / "ce-s0" / "run.json").read_text())["status"] == "finished"


@pytest.mark.parametrize("tool", ["tensorboard", "trackio"])
def test_a_tool_that_cannot_write_where_it_is_to_says_so_in_one_line(tool, tmp_path, tiny_pets, narrow_processes):
    needs(tool)
    (tmp_path / tool).write_text("in the way")
    options = [*SMALL, "--data", tiny_pets, "--out", tmp_path, "--log", tool]
    said = trained(*options, **narrow_processes)
    assert said.count(f"{tool} is left out from here on, and the run goes on: ") == 1
    assert "Warning" not in said and "Traceback" not in said
    assert json.loads((tmp_path / "ce-s0" / "run.json").read_text())["status"] == "finished"


@pytest.mark.parametrize("fails", ["start", "finish"])
def test_warnings_are_shown_as_before_after_trackio_has_failed(fails, tmp_path, monkeypatch):
    needs("trackio")
    import trackio

    def fail(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    shown_before = warnings.showwarning
    monkeypatch.setattr(trackio, "init", fail if fails == "start" else lambda *_, **__: None)
    monkeypatch.setattr(trackio, "finish", fail)
    with pytest.raises(OSError, match="No space left"):
        LOGGERS["trackio"].start(tmp_path / "ce-s0", {"options": {}}).finish()
    assert warnings.showwarning == shown_before


class Interrupting(Kept):
    """One that the person stops the run with, in its first epoch."""

    def epoch(self, number: int, scores: dict[str, float], mosaic: Image.Image) -> None:
        super().epoch(number, scores, mosaic)
        if number == 1:
            os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_run_ends_its_curves_and_says_to_name_the_tool_again(tools, tiny_pets, tmp_path, narrow, capsys):
    first, again = Interrupting(), Kept()
    tools(tool=first, other=Kept())
    options = [*SMALL, "--data", str(tiny_pets), "--out", str(tmp_path)]
    assert run.main([*options, "--log", "tool"]) == 130
    assert first.finished == 1
    continued = capsys.readouterr().out.splitlines()[-1].split(" -m experiments.run ")[1].split()
    assert continued[-2:] == ["--log", "tool"]
    tools(tool=again)
    assert run.main(continued) == 0
    assert list(again.epochs) == [0, 1, 2]


def test_a_tool_that_is_not_installed_is_told_before_anything_is_trained(command, tiny_pets, tmp_path, monkeypatch):
    monkeypatch.setitem(LOGGERS, "wandb", Logger("no_such_package", Kept().start))
    ended = command(run, *SMALL, "--data", tiny_pets, "--out", tmp_path / "runs", "--log", "wandb")
    assert ended.status == 2
    assert ended.error == "error: --log wandb needs one more package: pip install no_such_package"
    (tmp_path / "grid.toml").write_text('[[runs]]\nloss = "ce"\n')
    ended = command(sweep, tmp_path / "grid.toml", "--data", tiny_pets, "--out", tmp_path / "runs", "--log", "wandb")
    assert ended.status == 2
    assert not (tmp_path / "runs").exists()


def test_a_sweep_names_the_tools_to_each_of_its_runs(command, tiny_pets, tmp_path, monkeypatch):
    asked = []

    class Ended:
        returncode = 1

        def __init__(self, options: list[str], **_: object) -> None:
            asked.append(options)

        def poll(self) -> int:
            return 1

    monkeypatch.setattr(subprocess, "Popen", Ended)
    monkeypatch.setitem(LOGGERS, "wandb", Logger("json", Kept().start))
    (tmp_path / "grid.toml").write_text('[defaults]\nsize = 16\n[[runs]]\nloss = "ce"\nseeds = [0, 1]\n')
    command(sweep, tmp_path / "grid.toml", "--data", tiny_pets, "--out", tmp_path / "runs", "--log", "wandb")
    assert len(asked) == 2
    assert all("--log=wandb" in options for options in asked)


# ---- wandb, in an environment of its own: it is as large as the rest


@pytest.fixture(scope="module")
def with_wandb(tmp_path_factory) -> Path:
    """The Python of an environment that has wandb beside all that this one has."""
    folder = tmp_path_factory.mktemp("with-wandb")
    venv.create(folder, with_pip=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "here.pth").write_text("\n".join(here))
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "wandb>=0.20,<1"], check=True)
    return python


def wandb_records(path: Path) -> Iterator[bytes]:
    """The records of an offline run's file: a LevelDB log, blocks of 32 KiB, after a header of 7 bytes."""
    content, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(content):
        room = 32768 - at % 32768
        if room < 7:
            at += room
            continue
        _, size, kind = struct.unpack_from("<IHB", content, at)
        parts += content[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last of several
            yield parts
            parts = b""


READ_WANDB = """
import json, sys
from wandb.proto.wandb_internal_pb2 import Record
rows, config = [], {}
for line in sys.stdin:
    record = Record.FromString(bytes.fromhex(line))
    for item in record.history.item:
        name = item.key or ".".join(item.nested_key)
        rows.append([record.history.step.num, name, json.loads(item.value_json)])
    for item in record.run.config.update:
        config[item.key or item.nested_key[0]] = json.loads(item.value_json)
print(json.dumps([rows, config]))
"""


@pytest.mark.long
def test_wandb_keeps_each_epoch_of_a_resumed_run_once_and_offline(with_wandb, tmp_path, tiny_pets, narrow_processes):
    options = [*SMALL, "--data", tiny_pets, "--out", tmp_path, "--log", "wandb"]
    setting = narrow_processes | {"python": with_wandb}
    trained(*options, status=-signal.SIGKILL, KILLED_IN_BATCH="5", **setting)
    said = trained("--resume", tmp_path / "ce-s0", "--data", tiny_pets, "--log", "wandb", **setting)
    assert "left out" not in said
    assert f"wandb has the curves: `wandb sync {tmp_path}/wandb/offline-run-*`" in said
    (kept,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    lines = "\n".join(record.hex() for record in wandb_records(kept))
    read = subprocess.run([with_wandb, "-c", READ_WANDB], input=lines, capture_output=True, text=True, check=True)
    rows, config = json.loads(read.stdout)
    assert (config["loss"], config["size"]) == ("ce", 16)
    told: dict[str, dict[int, float]] = {}
    for step, name, value in rows:
        assert step not in told.setdefault(name, {})
        told[name][step] = value
    for name, curve in csv_curves(tmp_path / "ce-s0").items():
        assert told[name] == pytest.approx(curve)
    images = told["predictions.path"]
    assert list(images) == [0, 1, 2]
    for step, path in images.items():
        with Image.open(kept.parent / "files" / path) as file:
            np.testing.assert_array_equal(np.asarray(file.convert("RGB")), mosaic(tmp_path / "ce-s0", step))
