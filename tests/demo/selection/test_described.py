"""What the bar knows of the runs."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.selection.described import selection_value
from experiments.store.folder import hold


def change(folder: Path, **options: object) -> dict:
    info = json.loads((folder / "run.json").read_text())
    info["options"] |= options
    (folder / "run.json").write_text(json.dumps(info))
    return info


def described(folder: Path) -> dict[str, dict]:
    return {run["name"]: run for run in selection_value(Catalogue((folder,)))["runs"]}


def test_scores_are_the_last_epoch_s_and_the_loss_has_its_title_and_marker(tiny_runs):
    run = described(tiny_runs)["focal-s0"]
    last = pd.read_csv(tiny_runs / "focal-s0" / "epochs.csv").iloc[-1]
    for name, value in run["scores"].items():
        assert value is None if pd.isna(last[name]) else value == pytest.approx(last[name], abs=1e-5)
    assert (run["title"], run["symbol"], run["colour"]) == ("Focal", "diamond", "#009E73")
    assert (run["epochs"], run["planned"], run["status"], run["left"]) == (3, 3, "finished", None)
    assert run["command"].startswith("python -m experiments.run --loss focal --epochs 3")


def test_seeds_share_a_configuration_and_other_options_say_in_what_they_differ(own_runs):
    change(Path(shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1")), seed=1)
    change(Path(shutil.copytree(own_runs / "ce-s0", own_runs / "ce-b-s0")), batch_size=7, lr=0.5)
    runs = described(own_runs)
    assert runs["ce-s0"]["configuration"] == runs["ce-s1"]["configuration"] != runs["ce-b-s0"]["configuration"]
    assert runs["ce-b-s0"]["differs"] == "lr 0.5, batch size 7"
    assert "batch size" in runs["ce-s0"]["differs"]
    assert runs["focal-s0"]["differs"] == ""


def test_a_run_that_trains_says_how_long_it_still_takes(own_runs):
    folder = own_runs / "focal-s0"
    info = change(folder, epochs=13)
    (folder / "run.json").write_text(json.dumps(info | {"status": "running"}))
    epochs = pd.read_csv(folder / "epochs.csv").assign(seconds=[0, 999, 60, 60])
    epochs.to_csv(folder / "epochs.csv", index=False)
    with hold(folder):
        assert described(own_runs)["focal-s0"]["left"] == pytest.approx(10)
    assert described(own_runs)["focal-s0"]["left"] is None  # nobody trains it
    epochs.head(1).to_csv(folder / "epochs.csv", index=False)
    with hold(folder):
        assert described(own_runs)["focal-s0"]["left"] is None


def test_a_stamp_changes_where_the_run_s_files_do_and_only_there(own_runs):
    before = {name: run["stamp"] for name, run in described(own_runs).items()}
    assert {name: run["stamp"] for name, run in described(own_runs).items()} == before
    (own_runs / "ce-s0" / "model.safetensors").unlink()
    after = {name: run["stamp"] for name, run in described(own_runs).items()}
    assert after["focal-s0"] == before["focal-s0"]
    assert after["ce-s0"] != before["ce-s0"]


def test_what_cannot_be_read_is_said_and_the_rest_is_there(own_runs):
    (own_runs / "broken").mkdir()
    (own_runs / "broken" / "run.json").write_text("{")
    value = selection_value(Catalogue((own_runs,)))
    assert [run["name"] for run in value["runs"]] == ["ce-s0", "focal-s0"]
    assert len(value["broken"]) == 1
    assert value["broken"][0].startswith("broken/run.json does not describe a run")  # not where the folder lies
    json.dumps(value)  # it travels to the page as JSON


def test_without_runs_there_is_nothing_to_choose(tmp_path):
    value = selection_value(Catalogue((tmp_path,)))
    assert (value["runs"], value["first"], value["broken"]) == ([], [], [])
