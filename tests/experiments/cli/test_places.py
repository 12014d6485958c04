"""A run is given by its path or by its name, and the folders that hold runs are refused where they are none."""

import argparse

import pytest

from experiments.cli.places import FOLDERS, add_runs_option, own_run_path, run_path
from seg import InputError
from seg.hub import download


@pytest.fixture
def folders(tmp_path):
    for name in ("one/ce-s0", "two/ce-s0", "two/focal-s0"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").touch()
    return [tmp_path / "one", tmp_path / "two"]


def test_a_name_is_looked_for_in_each_folder(folders):
    assert run_path("focal-s0", folders) == folders[1] / "focal-s0"


def test_a_path_that_is_there_goes_before_a_name(folders, monkeypatch):
    monkeypatch.chdir(folders[1])
    assert run_path("ce-s0", folders).resolve() == folders[1] / "ce-s0"
    assert run_path(str(folders[0] / "ce-s0" / "run.json")) == folders[0] / "ce-s0" / "run.json"


def test_what_is_neither_is_told_what_there_is(folders):
    with pytest.raises(InputError, match="^dice-s0 is neither a run nor a path: there are ce-s0, focal-s0$"):
        run_path("dice-s0", folders)
    with pytest.raises(InputError, match="there are no runs$"):
        run_path("dice-s0", [folders[0] / "ce-s0"])


def test_shipped_runs_are_found_by_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_path("ce-s0") == FOLDERS[0] / "ce-s0"


def test_folders_of_runs_are_looked_at_when_they_are_given(folders, capsys):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_runs_option(parser)
    assert parser.parse_args([]).runs == list(FOLDERS)
    assert parser.parse_args(["--runs", *map(str, folders)]).runs == folders
    with pytest.raises(argparse.ArgumentError, match="is not a folder"):
        parser.parse_args(["--runs", str(folders[0] / "nowhere")])


def test_runs_on_the_hub_are_fetched_as_their_folder(hub):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_runs_option(parser)
    addresses = ["hf://somebody/runs", "hf://somebody/focal", "hf://somebody/runs/ce-s0"]
    found = parser.parse_args(["--runs", *addresses]).runs
    assert found == [download(address) for address in addresses]
    assert all((folder / "ce-s0" / "run.json").is_file() for folder in found[:1])
    for address, said in (
        ("hf://somebody/none", "hf://somebody/none is not there, or is private"),
        ("hf://somebody", "is not an address on the Hub"),
        ("hf://somebody/runs/ce-s0/predictions", "holds no runs: give the folder in it that does"),
    ):
        with pytest.raises(argparse.ArgumentError, match=said):
            parser.parse_args(["--runs", address])


def test_a_run_on_the_hub_is_fetched_and_is_not_to_be_changed(hub):
    assert run_path("hf://somebody/focal") == download("hf://somebody/focal")
    with pytest.raises(InputError, match="is a file: give the folder of the run that it belongs to$"):
        run_path("hf://somebody/runs/ce-s0/model.safetensors")
    with pytest.raises(InputError, match="^hf://somebody/runs is no run with weights: it holds ce-s0, focal-s0$"):
        run_path("hf://somebody/runs")
    with pytest.raises(InputError, match=r"not to be changed: .*`hf download somebody/focal --local-dir runs/focal`"):
        own_run_path("hf://somebody/focal")


def test_a_run_to_be_changed_is_found_as_any_other(folders):
    assert own_run_path("focal-s0", folders) == folders[1] / "focal-s0"


def test_a_name_that_two_folders_have_is_not_guessed(folders):
    with pytest.raises(InputError, match=r"^ce-s0 is .*one/ce-s0 and .*two/ce-s0: give the one that you mean$"):
        run_path("ce-s0", folders)
    assert run_path("ce-s0", folders[:1]) == folders[0] / "ce-s0"
