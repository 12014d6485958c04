"""A grid's runs are trained by processes of their own, and the same command goes on after any stop."""

import argparse
import contextlib
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from experiments import sweep
from experiments.cli.command_line import RESULTS
from experiments.cli.grid import PlannedRun, grid_path, read_grid
from experiments.cli.options import add_options, resolve
from experiments.store.folder import hold
from experiments.store.recorded_options import recorded, used_options
from experiments.store.runs import find_runs, read_run

PROJECT = Path(__file__).parents[2]
SMALL = "[defaults]\nsize = 16\nbatch-size = 6\nepochs = 2\n"
TWO_SEEDS = f'{SMALL}[[runs]]\nloss = "ce"\nseeds = [0, 1]\n'
TWO_FAIL = f'{TWO_SEEDS}[[runs]]\nname = "diverges"\nloss = "focal"\nlr = 1e30\n[[runs]]\nname = "held"\nloss = "ce"\n'


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file's time and bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def scores(folder: Path) -> pd.DataFrame:
    """epochs.csv as text, without its timings."""
    return pd.read_csv(folder / "epochs.csv", dtype=str).drop(columns=["seconds", "images_per_second"])


def told(out: str) -> dict[str, str]:
    """What was said of each run as it ended."""
    return dict(line.split(": ", 1) for line in out.splitlines() if "-s" in line and not line.startswith("|"))


def table(out: str) -> pd.DataFrame:
    """The printed table, as text."""
    lines = [line for line in out.splitlines() if line.startswith("|")]
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return pd.DataFrame(rows, columns=header).set_index("run")


@pytest.fixture
def grid(tmp_path) -> Callable[[str], Path]:
    """`grid(text)` writes a grid and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "grid.toml"
        path.write_text(text)
        return path

    return write


def begin(folder: Path, status: str, **given: object) -> None:
    """Leave what a run of SMALL leaves that got no further than its first file."""
    folder.mkdir(parents=True)
    options = recorded(resolve({"loss": "ce", "size": 16, "batch_size": 6, "epochs": 2} | given))
    (folder / "run.json").write_text(json.dumps({"options": options, "status": status}))


# ---- all runs are trained


@pytest.fixture(scope="module")
def swept(tiny_pets, tmp_path_factory, narrow_processes) -> SimpleNamespace:
    """A sweep two at a time: one run had failed before its first epoch, one diverges, one is another process's."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "grid.toml").write_text(TWO_FAIL)
    begin(folder / "out" / "ce-s1", "failed", seed=1)
    (folder / "out" / "ce-s1" / "notes.txt").write_text("of the failed run")
    begin(folder / "out" / "held-s0", "running")
    options = ["--data", tiny_pets, "--out", folder / "out", "--device", "cpu", "--jobs", 2]
    with (
        pytest.MonkeyPatch.context() as patch,
        hold(folder / "out" / "held-s0"),
        contextlib.redirect_stdout(io.StringIO()) as printed,
    ):
        for name, value in narrow_processes.items():
            patch.setenv(name, value)
        status = sweep.main([str(option) for option in [folder / "grid.toml", *options]])
    return SimpleNamespace(out=folder / "out", status=status, printed=printed.getvalue())


def test_failed_runs_stop_no_other(swept):
    assert swept.status == 1
    statuses = {name: read_run(swept.out / name).status for name in ("ce-s0", "ce-s1", "diverges-s0")}
    assert statuses == {"ce-s0": "finished", "ce-s1": "finished", "diverges-s0": "failed"}
    assert [len(scores(swept.out / name)) for name in ("ce-s0", "ce-s1")] == [3, 3]
    assert not scores(swept.out / "ce-s0").equals(scores(swept.out / "ce-s1"))


def test_a_line_as_each_run_ends(swept):
    lines = told(swept.printed)
    assert lines.keys() == {"ce-s0", "ce-s1", "diverges-s0", "held-s0"}
    accuracy = read_run(swept.out / "ce-s0").final("pixel_accuracy")
    assert lines["ce-s0"].startswith("finished, 2/2 epochs, ")
    assert f"pixel accuracy {100 * accuracy:.2f} %, border F1 " in lines["ce-s0"]
    assert lines["diverges-s0"].startswith("failed, 0/2 epochs, ")
    assert "not finite" in lines["diverges-s0"]
    assert lines["diverges-s0"].endswith(f"(see {swept.out / 'diverges-s0.log'})")


def test_a_table_at_the_end(swept):
    shown = table(swept.printed)
    assert shown.index.tolist() == ["ce-s0", "ce-s1", "diverges-s0", "held-s0"]
    assert shown["status"].tolist() == ["finished", "finished", "failed", "failed"]
    assert shown["epochs"].tolist() == ["2/2", "2/2", "0/2", "0/2"]
    for score in ("pixel accuracy", "border recall", "border precision", "border F1"):
        last = read_run(swept.out / "ce-s1").epochs[score.replace(" ", "_").lower()].iloc[-1]
        assert shown.loc["ce-s1", f"{score} %"] == ("-" if pd.isna(last) else f"{100 * last:.2f}")


def test_what_a_run_prints_is_kept(swept):
    log = (swept.out / "ce-s0.log").read_text()
    assert log.startswith("$ ")
    assert "epoch  2/2" in log


def test_a_run_that_failed_before_its_first_state_begins_again(swept):
    assert (swept.out / "ce-s1" / "notes.txt").read_text() == "of the failed run"
    assert "--overwrite" in (swept.out / "ce-s1.log").read_text()


def test_a_run_that_another_process_trains_is_left_alone(swept):
    assert "is being trained by another process" in told(swept.printed)["held-s0"]
    assert contents(swept.out / "held-s0").keys() == {"run.json"}
    assert read_run(swept.out / "held-s0").status == "running"


def test_finished_runs_are_skipped_untouched_and_need_no_dataset(swept, grid, command):
    before = contents(swept.out)
    ended = command(sweep, grid(TWO_SEEDS), "--out", swept.out, "--device", "cpu", "--data", "nowhere")
    assert (ended.status, ended.told) == (0, [])
    assert [said.split(",")[0] for said in told(ended.out).values()] == ["skipped"] * 2
    assert table(ended.out)["status"].tolist() == ["finished"] * 2
    assert contents(swept.out) == before


# ---- stops of all kinds


def trained_by(name: str, out: Path) -> int | None:
    """The process that trains this run."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended just now
            words = path.read_bytes().decode(errors="replace").split("\0")
            if {f"--name={name}", f"--out={out}"} <= set(words):
                return int(path.parent.name)
    return None


def wait_until(happened: Callable[[], object], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0])
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are found in Linux's /proc")
def test_killed_and_interrupted_runs_continue_as_if_never_stopped(
    swept, grid, tmp_path, tiny_pets, command, monkeypatch, narrow_processes
):
    out = tmp_path / "out"
    # the second has epochs enough left when it is told to stop; its first two are those of `swept`
    path = grid(f'{SMALL}[[runs]]\nloss = "ce"\n[[runs]]\nname = "longer"\nloss = "ce"\nseed = 1\nepochs = 12\n')
    options = [str(option) for option in (path, "--data", tiny_pets, "--out", out, "--device", "cpu", "--jobs", 2)]
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.sweep", *options],
        cwd=PROJECT,
        env=os.environ | narrow_processes | {"SECONDS_A_BATCH": "0.5"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until((out / "ce-s0" / "state.safetensors").exists, process)
    os.kill(trained_by("ce-s0", out), signal.SIGKILL)
    wait_until((out / "longer-s1" / "epochs.csv").exists, process)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=60)[0]

    assert process.returncode == 130, printed
    assert "failed" in told(printed)["ce-s0"]
    assert "killed by SIGKILL" in told(printed)["ce-s0"]
    assert told(printed)["longer-s1"].startswith("interrupted")
    assert table(printed)["status"].tolist() == ["failed", "interrupted"]
    assert read_run(out / "ce-s0").status == "running"  # it had no time to say otherwise
    assert read_run(out / "longer-s1").status == "interrupted"
    assert trained_by("longer-s1", out) is None
    again = next(line for line in printed.splitlines() if line.startswith("  python -m experiments.sweep "))
    assert shlex.split(again)[3:] == options

    for name, value in narrow_processes.items():
        monkeypatch.setenv(name, value)
    assert command(sweep, *options).status == 0
    pd.testing.assert_frame_equal(scores(out / "ce-s0"), scores(swept.out / "ce-s0"))
    assert scores(out / "longer-s1")["epoch"].tolist() == [str(epoch) for epoch in range(13)]
    pd.testing.assert_frame_equal(scores(out / "longer-s1").head(3), scores(swept.out / "ce-s1"))
    assert read_run(out / "longer-s1").status == "finished"
    assert "--resume" in (out / "longer-s1.log").read_text()


# ---- what is there already


@pytest.mark.parametrize("status", ["finished", "interrupted", "failed"])
@pytest.mark.parametrize(
    ("other", "said"),
    [
        ('loss = "ce"\nepochs = 3', "was begun with epochs = 2, grid.toml says 3"),
        ('loss = "ce"\nexclude = ["pug_1"]', "was begun with other photos in exclude than grid.toml has: move"),
        ('loss = "ce"\nlr = 0.5', "lr = 0.001, grid.toml says 0.5"),
        ('loss = "ce"\nsize = 32', "size = 16, grid.toml says 32"),
        ('loss = "ce"\nprogressive = true', "progressive = False, grid.toml says True"),
        ('loss = "ce"\nfinal_relu = false', "final_relu = True, grid.toml says False"),
        ('loss = "focal"', "loss = ce, grid.toml says focal"),
    ],
)
def test_a_run_of_other_options_is_left_alone(tmp_path, tiny_pets, command, monkeypatch, status, other, said):
    begin(tmp_path / "out" / "ce-s0", status)
    # one more that could be trained, and must not be
    text = f'{SMALL}[[runs]]\nloss = "weighted"\n[[runs]]\nname = "ce"\n{other}'
    (tmp_path / "grid.toml").write_text(text)
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    ended = command(sweep, "grid.toml", "--data", tiny_pets, "--out", "out", "--device", "cpu")
    assert ended.status == 2
    for part in ("out/ce-s0", said, "move the folder away", "another name"):
        assert part in ended.error
    assert contents(tmp_path) == before


def test_a_folder_that_is_no_run_is_left_alone(grid, tmp_path, tiny_pets, command):
    (tmp_path / "out" / "ce-s1").mkdir(parents=True)
    (tmp_path / "out" / "ce-s1" / "holiday.jpg").write_bytes(b"dear to me")
    before = contents(tmp_path / "out")
    ended = command(sweep, grid(TWO_SEEDS), "--data", tiny_pets, "--out", tmp_path / "out", "--device", "cpu")
    assert ended.status == 2
    assert "ce-s1 is not a run: move the folder away" in ended.error
    assert contents(tmp_path / "out") == before


def test_a_damaged_run_is_left_alone(grid, tmp_path, tiny_pets, command):
    begin(tmp_path / "out" / "ce-s0", "interrupted")
    (tmp_path / "out" / "ce-s0" / "run.json").write_text("{")
    ended = command(sweep, grid(TWO_SEEDS), "--data", tiny_pets, "--out", tmp_path / "out", "--device", "cpu")
    assert ended.status == 2
    assert "run.json does not describe a run" in ended.error
    assert contents(tmp_path / "out").keys() == {"ce-s0/run.json"}


# ---- what cannot be trained


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "nowhere"], "experiments.fetch"),
        (["--device", "warp"], "warp"),
        (["--jobs", "0"], "--jobs"),
        (["--dance"], "--dance"),
    ],
)
def test_a_bad_option_ends_in_one_line_before_anything_is_written(grid, tmp_path, tiny_pets, command, options, said):
    ended = command(sweep, grid(TWO_SEEDS), "--data", tiny_pets, "--out", tmp_path / "out", *options)
    assert ended.status == 2
    assert said in ended.error
    assert ended.out == ""
    assert not (tmp_path / "out").exists()


def test_a_bad_pair_is_told_with_what_a_grid_can_do_about_it(grid, tmp_path, own_pets, command):
    (own_pets / "oxford-iiit-pet" / "images" / "Abyssinian_2.jpg").write_bytes(b"no photo")
    ended = command(sweep, grid(TWO_SEEDS), "--data", own_pets, "--out", tmp_path / "out", "--device", "cpu")
    assert ended.status == 2
    assert "Abyssinian_2.jpg" in ended.error
    assert ended.error.endswith(
        ": repair or restore it, or give the grid's runs skip_bad = true to leave such pairs out"
    )


CE = '[[runs]]\nloss = "ce"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no runs: add a [[runs]] table"),
        ("runs = []", "has no runs"),
        ("[defaults]\nepochs = 2", "has no runs"),
        ("[[runs]", "is not TOML"),
        (f"{CE}epochs = 1\nepochs = 2", "is not TOML"),
        ("\xff", "is not TOML"),
        ('[runs]\nloss = "ce"', "begin each with [[runs]]"),
        ('runs = ["ce"]', "begin each with [[runs]]"),
        (f'[[run]]\nloss = "ce"\n{CE}', "run is neither"),
        (f"defaults = 3\n{CE}", "[defaults] is not a table"),
        (f"[defaults]\nepoch = 3\n{CE}", "[defaults]: epoch is not an option"),
        (f"[defaults]\nepochs = 0\n{CE}", "--epochs"),
        ("[[runs]]\nepochs = 1", "number 1: --loss is missing"),
        ('[[runs]]\nloss = "lovasz"', "choose from"),
        (f"{CE}seeds = [0]\n{CE}seed = 1\nlr = 0", "number 2: argument --lr: 0 is not a number above 0"),
        (f"{CE}lr = nan", "--lr"),
        (f"{CE}lr = true", "--lr"),
        (f"{CE}lr = [1, 2]", "--lr"),
        (f"{CE}epochs = 1.5", "--epochs"),
        (f"{CE}limit = 2000-01-01", "--limit"),
        (f"{CE}size = 100", "try 96"),
        (f"{CE}gamma = 3", "--loss ce takes no --gamma: leave it out, or use --loss focal"),
        (f"{CE}progressive = 1", "progressive = 1 is neither true nor false"),
        (f'{CE}final_relu = "no"', "final_relu = no is neither true nor false"),
        ('[[runs]]\nloss = "focal"\nclass_weights = [1, 2]', "three numbers"),
        (f'{CE}data = "elsewhere"', "data is not an option"),
        (f"{CE}learning_rate = 0.1", "learning_rate is not an option"),
        (f"{CE}batch_size = 4\nbatch-size = 4", "given twice"),
        (f"{CE}seed = 0\nseeds = [1]", "not both"),
        (f"{CE}seeds = 3", "seeds is not a list"),
        (f"{CE}seeds = []", "seeds is not a list"),
        (f"{CE}seeds = [-1]", "--seed"),
        (f"{CE}seeds = [1.5]", "--seed"),
        (f"{CE}seeds = [{2**64}]", "--seed"),
        (f"{CE}seeds = [1, 1]", "a second run is named ce-s1"),
        (f'{CE}[[runs]]\nloss = "focal"\nname = "ce"', "number 2: a second run is named ce-s0"),
        (f'{CE}name = "../ce"', "cannot be a folder's"),
        (f'{CE}name = ""', "cannot be a folder's"),
        (f'{CE}name = "-ce"', "cannot be a folder's"),
        (f'{CE}name = "a/b"', "cannot be a folder's"),
        (f'{CE}exclude = "nowhere.txt"', "nowhere.txt cannot be read (No such file or directory)"),
        (f"{CE}exclude = 3", "3 cannot be read (No such file or directory)"),
    ],
)
def test_a_bad_grid_ends_in_one_line_before_anything_is_written(tmp_path, tiny_pets, command, text, said):
    path = tmp_path / "bad.toml"
    path.write_bytes(text.encode("latin-1"))
    ended = command(sweep, path, "--data", tiny_pets, "--out", tmp_path / "out")
    assert ended.status == 2
    assert said in ended.error
    assert str(path) in ended.error
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_photo_that_is_in_no_split_is_told_before_anything_is_trained(grid, tmp_path, tiny_pets, command):
    path = grid(f'{TWO_SEEDS}exclude = ["pug_1", "pug_999"]')
    ended = command(sweep, path, "--data", tiny_pets, "--out", tmp_path / "out", "--device", "cpu")
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert f"pug_999 is in no split of {tiny_pets}: take it out of the list of --exclude" in ended.error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_grid_that_cannot_be_read_ends_in_one_line(tmp_path, command, name):
    ended = command(sweep, tmp_path / name)
    assert ended.status == 2
    assert "cannot be read" in ended.error


# ---- what a grid means


def test_an_entry_goes_before_the_defaults_and_both_before_the_recipe(grid):
    path = grid("""
        [defaults]
        epochs = 3
        batch-size = 8
        seeds = [0, 1]
        progressive = true
        [[runs]]
        loss = "ce"
        recipe = "best"
        lr = 1e-4
        final-relu = true
        [[runs]]
        name = "one"
        loss = "focal"
        class_weights = [1, 0.5, 2]
        seed = 7
        epochs = 2
        progressive = false
        """)
    best, _, one = runs = read_grid(path)
    assert [run.name for run in runs] == ["ce-best-s0", "ce-best-s1", "one-s7"]
    assert best.options == resolve(
        {"loss": "ce", "recipe": "best", "lr": 1e-4, "final_relu": True, "epochs": 3, "batch_size": 8}
        | {"progressive": True, "seed": 0}
    )
    assert one.options == resolve(
        {"loss": "focal", "class_weights": [1.0, 0.5, 2.0], "seed": 7, "epochs": 2, "batch_size": 8}
    )


def test_photos_are_left_out_by_a_list_beside_the_grid_or_by_name(grid, tmp_path, monkeypatch):
    path = grid("""
        [defaults]
        loss = "ce"
        exclude = "names, wrong.txt"
        [[runs]]
        seed = 0
        [[runs]]
        seed = 1
        exclude = ["pug_1"]
        [[runs]]
        seed = 2
        exclude = []
        [[runs]]
        seed = 3
        exclude = ["pug_2", "Bengal_35"]
        """)
    (tmp_path / "names, wrong.txt").write_text("pug_3\nBengal_36 # no pet\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    excluded = [("Bengal_36", "pug_3"), ("pug_1",), (), ("Bengal_35", "pug_2")]
    for planned in (read_grid(path), read_grid(Path("..", path.name))):
        assert [run.options.exclude for run in planned] == excluded
        # and so does the process that trains each, wherever it works
        monkeypatch.chdir(PROJECT)
        for each in planned:
            parser = argparse.ArgumentParser()
            add_options(parser)
            assert resolve(vars(parser.parse_args(each.typed))) == each.options
        monkeypatch.chdir(tmp_path / "elsewhere")


GRIDS = PROJECT / "experiments" / "grids"
LOSSES = ("ce", "weighted", "focal")


def planned(name: str) -> dict[str, PlannedRun]:
    return {run.name: run for run in read_grid(GRIDS / name)}


@pytest.mark.parametrize(("name", "folder"), [("cpu.toml", RESULTS), ("holdout.toml", RESULTS.parent / "holdout")])
def test_a_shipped_run_is_what_its_grid_says_option_by_option(name, folder):
    """The runs on a processor: those that a GPU trained are of the other grid."""
    compared = 0
    for run in find_runs([folder])[0]:
        if run.environment["device"] != "cpu":
            continue
        compared += 1
        ours, theirs = asdict(planned(name)[run.name].options), used_options(run.info)
        assert ours.keys() == theirs.keys()
        for option in ours:
            assert ours[option] == theirs[option] or (option, ours[option]) == ("precision", "auto"), option
    assert compared >= 3


def test_the_grid_for_a_processor():
    recipe = {"progressive": True, "val_limit": 368, "jitter_of": "all", "precision": "bf16"}
    mild = tuple(round(weight**0.5, 4) for weight in read_run(RESULTS / "weighted-s0").info["class_weights"])
    expected = [(f"{loss}-s{seed}", {"loss": loss}, seed) for seed in range(3) for loss in LOSSES]
    expected += [
        (f"{loss}-segnet-linear-s{seed}", {"loss": loss, "network": "segnet-linear"}, seed)
        for seed in range(3)
        for loss in LOSSES
    ]
    expected += [(f"weighted-mild-s{seed}", {"loss": "weighted", "class_weights": mild}, seed) for seed in range(3)]
    assert [(name, run.options) for name, run in planned("cpu.toml").items()] == [
        (name, resolve(recipe | given | {"seed": seed})) for name, given, seed in expected
    ]


def test_the_grid_for_a_gpu():
    """In order of worth: a sweep that is cut off has trained the first of them."""
    recipe = {"precision": "fp32", "val_limit": 368}
    mild = tuple(round(weight**0.5, 4) for weight in read_run(RESULTS / "weighted-s0").info["class_weights"])
    expected = [(f"{loss}-s{seed}", {"loss": loss, "seed": seed}) for seed in range(5) for loss in LOSSES]
    expected += [
        (f"{loss}-segnet-linear-s{seed}", {"loss": loss, "network": "segnet-linear", "seed": seed})
        for seed in range(3)
        for loss in LOSSES
    ]
    held = {
        "ce": {"loss": "ce"},
        "focal": {"loss": "focal"},
        "weighted": {"loss": "weighted"},
        **{f"focal-gamma-{gamma:g}": {"loss": "focal", "gamma": gamma} for gamma in (0.5, 1.0, 5.0)},
        "weighted-mild": {"loss": "weighted", "class_weights": mild},
        "ce-best": {"loss": "ce", "recipe": "best"},
        "ce-ema": {"loss": "ce", "ema": 0.99},
    }
    expected += [(f"{name}-20-holdout-s0", given | {"holdout": True}) for name, given in held.items()]
    expected += [
        ("ce-60-s0", {"loss": "ce", "epochs": 60}),
        ("ce-bf16-s0", {"loss": "ce", "precision": "bf16"}),
        ("ce-best-s0", {"loss": "ce", "recipe": "best"}),
    ]
    expected += [(f"{loss}-s{seed}", {"loss": loss, "seed": seed}) for seed in range(5, 10) for loss in LOSSES]
    runs = planned("gpu.toml")
    assert [(name, run.options) for name, run in runs.items()] == [
        (name, resolve(recipe | given)) for name, given in expected
    ]
    assert {run.options.epochs for name, run in runs.items() if name != "ce-60-s0"} == {20}
    assert {run.options.jitter_of for run in runs.values() if run.options.recipe == "article"} == {"contrast"}


def test_a_shipped_grid_goes_by_its_name_in_any_folder(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = command(sweep, "holdout", "--data", "nowhere", "--device", "cpu")
    assert ended.status == 2
    assert ended.error.startswith("error: nowhere has no oxford-iiit-pet/ folder")
    (tmp_path / "holdout").write_text("a grid of one's own")
    assert [grid_path(text) for text in ("holdout", "cpu")] == [Path("holdout"), GRIDS / "cpu.toml"]
    assert "nothing cannot be read" in command(sweep, "nothing").error
