"""One odd folder, or file, takes away itself alone: it is told in a line, and all other runs are found."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from experiments.comparison.analysis import analyse
from experiments.store.folder import hold
from experiments.store.reading.files import read_ordinary
from experiments.store.runs import find_runs
from experiments.store.scored import margins
from experiments.store.scored.damage import damage, of_whole

GOOD = {"options": {"loss": "ce", "seed": 0, "epochs": 3}, "status": "finished"}


def write_run(folder: Path, info: object = GOOD) -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(info if isinstance(info, str) else json.dumps(info))
    (folder / "epochs.csv").write_text("epoch,border_f1\n1,0.5\n")
    return folder


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink(missing_ok=True)
    make(path)


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 5 * 10**9)


NO_FILE = {
    "a pipe": (os.mkfifo, "it is no ordinary file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is no ordinary file"),
    "a folder": (Path.mkdir, "Is a directory"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "it is a link to nothing"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "5 GB": (sparse, "it has more than"),
}


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("name", ["run.json", "epochs.csv"])
def test_what_is_no_file_to_read_is_told_and_the_others_are_found(tmp_path, name, kind):
    make, why = NO_FILE[kind]
    write_run(tmp_path / "good")
    replaced(write_run(tmp_path / "odd") / name, make)
    runs, [told] = find_runs([tmp_path])
    assert [run.name for run in runs] == ["good"]
    assert told.startswith(f"{tmp_path / 'odd' / name} cannot be read ({why}")


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("name", ["images.csv", "bands.csv", "calibration.csv", "margins.npz"])
def test_scores_of_photos_that_are_no_file_are_damaged_alone(write_run_with_details, name, kind):
    run, whole = write_run_with_details("ce-s0"), write_run_with_details("ce-s1")
    make, why = NO_FILE[kind]
    replaced(run.folder / name, make)
    runs, broken = find_runs([run.folder.parent])
    assert ([each.name for each in runs], broken) == (["ce-s0", "ce-s1"], [])
    told = str(damage(run))
    assert told.startswith(f"{run.folder / name} cannot be read ({why}")
    assert damage(whole) is None


@pytest.fixture
def write_run_with_details(write_run, draw_confusions):
    return lambda name: write_run(name, draw_confusions(1, 6)[0], seed=int(name[-1]))


def test_a_damaged_control_is_found_too(write_run, draw_confusions):
    counts = draw_confusions(1, 6)[0]
    run = write_run("ce-s0", counts, controls={"mirrored": counts})
    assert damage(run) is None
    (run.folder / "controls" / "mirrored" / "margins.npz").write_bytes(b"damaged")
    assert "controls/mirrored/margins.npz" in str(damage(run))


def test_an_archive_that_unpacks_to_more_than_it_may_is_not_unpacked(write_run_with_details, monkeypatch):
    monkeypatch.setattr(margins, "MOST_ARCHIVE_BYTES", 50_000_000)
    run = write_run_with_details("ce-s0")
    path = run.folder / "margins.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("scored.npy", "w") as member:
        for _ in range(51):
            member.write(bytes(1_000_000))
    assert path.stat().st_size < 500_000
    assert "it unpacks to more than 50 MB" in str(damage(run))


def test_what_is_computed_of_damaged_runs_is_computed_of_the_others(write_run_with_details):
    runs = [write_run_with_details(name) for name in ("ce-s0", "ce-s1", "ce-s2")]
    (runs[1].folder / "images.csv").write_text("damaged\n")
    analysis, [told] = of_whole(runs, analyse)
    assert [run.name for each in analysis.configurations for run in each.runs] == ["ce-s0", "ce-s2"]
    assert "ce-s1" in str(told)


# ---- run.json


def changed(**options: object) -> dict:
    return GOOD | {"options": GOOD["options"] | options}


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (changed(seed=10**30), "is too large a number"),
        (changed(seed=-2), "seed is -2"),
        (changed(seed=True), "seed is True"),
        (changed(seed=None), "seed is None"),
        (changed(epochs=0), "epochs is 0"),
        (changed(epochs=10**9), "epochs is 1000000000, which is no whole number from 1 to 1000000"),
        (changed(size=[]), "size is a list"),
        (changed(size=[64, -1]), "size is -1"),
        (changed(size=10**9), "size is 1000000000"),
        (changed(loss="x" * 100_000), "loss is 'xxx"),
        (changed(loss="two\nlines"), "loss is 'two\\nlines'"),
        (changed(loss="\u202eevil"), "loss is "),
        (changed(loss=""), "loss is ''"),
        (changed(gamma="2"), "gamma is '2'"),
        (changed(gamma=-1), "gamma is -1"),
        (changed(batch_size=2.5), "batch_size is 2.5"),
        (changed(holdout=1), "holdout is 1"),
        (changed(exclude=[1]), "exclude is a list"),
        (changed(class_weights=[1, 2]), "class_weights is a list"),
        (changed(class_weights=[1, -2, 3]), "class_weights is a list"),
        (changed(border_width="wide"), "border_width is 'wide'"),
        (changed(network=None), "network is None"),
        (GOOD | {"started": []}, "started is a list"),
        (GOOD | {"status": "x" * 101}, "status is 'xxx"),
        (GOOD | {"validation_photos": -1}, "validation_photos is -1"),
        (GOOD | {"validation_photos": True}, "validation_photos is True"),
        (GOOD | {"scores": []}, None),
        (GOOD | {"scores": [1]}, "scores is a list"),
        (GOOD | {"scores": {"border_f1": "much"}}, "border_f1 is 'much'"),
        (GOOD | {"scores": {"border_f1": float("inf")}}, "Infinity is no number of JSON"),
        (GOOD | {"scores": {"border_f1": float("nan")}}, None),  # as older versions wrote an undefined one
        (changed(seed=float("nan")), "seed is None"),
        (GOOD | {"environment": {"precision": ["bf16"]}}, "precision is a list"),
        (GOOD | {"environment": "a machine"}, "environment is 'a machine'"),
        (GOOD | {"resumed": [3]}, "resumed is 3"),
        (GOOD | {"resumed": [{"environment": {"device_name": 5}}]}, "device_name is 5"),
        (GOOD | {"note": "\ud800"}, "is no text"),
        (json.dumps(GOOD)[:-1] + ', "deep": ' + "[" * 50 + "]" * 50 + "}", "it is nested too deeply"),
        (json.dumps(GOOD)[:30], "line 1 is no JSON"),
        ("\ufeff" + json.dumps(GOOD), None),
        (changed(newer={"of": "another version"}), None),
    ],
    ids=str,
)
def test_a_record_is_read_or_refused_by_the_key_that_is_wrong(tmp_path, info, why):
    write_run(tmp_path / "good")
    write_run(tmp_path / "odd", info)
    runs, broken = find_runs([tmp_path])
    if why is None:
        assert ([run.name for run in runs], broken) == (["good", "odd"], [])
        return
    assert [run.name for run in runs] == ["good"]
    [told] = broken
    assert told.startswith(f"{tmp_path / 'odd' / 'run.json'} does not describe a run (")
    assert why in told
    assert told.isprintable()
    assert len(told) < len(str(tmp_path)) + 300


# ---- names, links, rights


@pytest.mark.parametrize("name", [b"odd \xff", b"two\nlines", "\u202eevil".encode(), b"bell \x07"])
def test_a_folder_whose_name_cannot_be_shown_is_told(tmp_path, name):
    write_run(tmp_path / "good")
    write_run(tmp_path / os.fsdecode(name))
    runs, [told] = find_runs([tmp_path])
    assert [run.name for run in runs] == ["good"]
    assert told.endswith("has letters in its name that cannot be shown: rename it")
    assert told.isprintable()


def test_links_to_one_run_are_one_run_and_called_as_it_is(tmp_path):
    write_run(tmp_path / "runs" / "ce-s0")
    for name in ("best", "again", "zebra"):
        (tmp_path / "runs" / name).symlink_to("ce-s0")
    runs, broken = find_runs([tmp_path / "runs"])
    assert ([run.name for run in runs], broken) == (["ce-s0"], [])


def test_runs_that_are_links_are_called_as_the_links_are(tmp_path):
    """As DVC and git-annex keep them, whose own names are numbers."""
    for number in range(3):
        write_run(tmp_path / "store" / f"00{number}")
        (tmp_path / "runs").mkdir(exist_ok=True)
        (tmp_path / "runs" / f"ce-s{number}").symlink_to(tmp_path / "store" / f"00{number}")
    runs, _ = find_runs([tmp_path / "runs"])
    assert [run.name for run in runs] == ["ce-s0", "ce-s1", "ce-s2"]


def test_any_number_of_runs_of_one_name_are_told_apart(tmp_path):
    folders = [tmp_path / letter / "runs" for letter in "abcde"]
    for folder in folders:
        write_run(folder / "ce-s0")
    write_run(folders[0] / "ce-s0 (runs)")
    runs, broken = find_runs(folders)
    assert len({run.name for run in runs}) == 6
    assert {f"ce-s0 ({letter}/runs)" for letter in "cde"} <= {run.name for run in runs}
    assert broken == []


def test_a_link_to_itself_among_the_runs_is_told(tmp_path):
    write_run(tmp_path / "good")
    (tmp_path / "odd").symlink_to("odd")
    runs, told = find_runs([tmp_path])
    assert [run.name for run in runs] == ["good"]
    assert told == [f"{tmp_path / 'odd'} cannot be read (Too many levels of symbolic links)"]


AS_NOBODY = """
import os, sys
from pathlib import Path
from experiments.store.runs import find_runs
find_runs([Path(sys.argv[1])])  # what Python loads for that it loads while it may
os.setegid(65534), os.seteuid(65534)
runs, broken = find_runs([Path(sys.argv[1])])
print([run.name for run in runs])
print(*broken, sep="\\n")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become nobody")
@pytest.mark.parametrize("what", ["run.json", "epochs.csv", "."])
def test_what_may_not_be_read_is_told(tmp_path, what):
    for folder in (tmp_path, *tmp_path.parents[: len(tmp_path.relative_to(Path(tempfile.gettempdir())).parts) - 1]):
        folder.chmod(0o755)
    for name in ("good", "odd"):
        write_run(tmp_path / name)
    (tmp_path / "odd" / what).chmod(0)
    ended = subprocess.run([sys.executable, "-c", AS_NOBODY, tmp_path], capture_output=True, text=True, check=True)
    found, told = ended.stdout.splitlines()
    assert found == "['good']"
    assert "(Permission denied)" in told


# ---- who trains


def test_a_run_that_nobody_trains_is_not_running(tmp_path):
    folder = write_run(tmp_path / "ce-s0", GOOD | {"status": "running"})
    assert [run.status for run in find_runs([tmp_path])[0]] == ["interrupted"]
    with hold(folder):
        assert [run.status for run in find_runs([tmp_path])[0]] == ["running"]
    assert [run.status for run in find_runs([tmp_path])[0]] == ["interrupted"]
    assert json.loads((folder / "run.json").read_text())["status"] == "running"


def test_where_locks_cannot_tell_a_run_is_what_it_says(tmp_path, monkeypatch):
    write_run(tmp_path / "ce-s0", GOOD | {"status": "running"})

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    assert [run.status for run in find_runs([tmp_path])[0]] == ["running"]


# ---- reading a file


def test_a_pipe_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = threading.Event()

    def read() -> None:
        with pytest.raises(OSError, match="no ordinary file"):
            read_ordinary(tmp_path / "pipe", 10)
        done.set()

    threading.Thread(target=read, daemon=True).start()
    assert done.wait(20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=40), most=st.integers(0, 40))
@example(content=b"", most=0)
def test_a_file_is_read_whole_or_not_at_all(tmp_path, content, most):
    path = tmp_path / "file"
    path.write_bytes(content)
    if len(content) > most:
        with pytest.raises(OSError, match="file"):
            read_ordinary(path, most)
    else:
        assert read_ordinary(path, most) == content
