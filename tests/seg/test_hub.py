"""Runs and weights on the Hub: real huggingface_hub, and a stand-in for the Hub that it asks."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seg import InputError
from seg.hub import Address, cached_repository, download, find_weights, parse_address
from seg.inference import Segmenter
from seg.pets import photo_path
from tests.hub_server import COMMIT, fetching_from

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(hub, tmp_path):
    """A cache in which nothing is."""
    hub.sent.clear()
    with fetching_from(hub.url, tmp_path / "cache"):
        yield tmp_path / "cache"


@pytest.fixture
def alone(hub, tmp_path):
    """A cache in which nothing is, and no network: nobody listens there."""
    with fetching_from("http://127.0.0.1:9", tmp_path / "cache"):
        yield


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hf://ann/runs", Address("model", "ann/runs", None, "")),
        ("hf://ann/runs/", Address("model", "ann/runs", None, "")),
        ("hf://ann/runs@v1.0", Address("model", "ann/runs", "v1.0", "")),
        ("hf://ann/runs@v1/a/b.safetensors", Address("model", "ann/runs", "v1", "a/b.safetensors")),
        ("hf://models/ann/runs/a", Address("model", "ann/runs", None, "a")),
        ("hf://datasets/ann/runs", Address("dataset", "ann/runs", None, "")),
        ("hf://spaces/ann/app@main/experiments/results", Address("space", "ann/app", "main", "experiments/results")),
    ],
)
def test_an_address_names_a_repository_a_revision_and_a_path(text, named):
    assert parse_address(text) == named


@pytest.mark.parametrize(
    "text",
    [
        "hf://",
        "hf://ann",
        "hf:///ann/runs",
        "hf://ann//runs",
        "hf://ann/runs@",
        "hf://ann/runs/../other",
        "hf://../runs",
        "hf://ann/runs//a",
        "hf://ann/my runs",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_asked(hub, text):
    hub.sent.clear()
    with pytest.raises(InputError, match=r"is not an address on the Hub: give hf://USER/NAME\[@REVISION\]\[/FOLDER\]$"):
        download(text)
    assert hub.sent == []


def test_a_repository_becomes_a_folder_with_all_its_files(elsewhere, tiny_runs):
    folder = download("hf://somebody/runs")
    files = {path.relative_to(tiny_runs) for path in tiny_runs.rglob("*") if path.is_file()}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == files
    for name in files:
        assert (folder / name).read_bytes() == (tiny_runs / name).read_bytes()


def test_of_a_path_only_what_is_below_it_is_fetched(elsewhere, hub, tiny_runs):
    folder = download("hf://somebody/runs/ce-s0")
    assert folder.name == "ce-s0"
    assert {name.partition("/")[0] for name in hub.sent} == {"ce-s0"}
    assert len(hub.sent) == len([path for path in (tiny_runs / "ce-s0").rglob("*") if path.is_file()])


@pytest.mark.parametrize(
    "address", ["hf://somebody/runs/focal-s0", "hf://somebody/focal@main", f"hf://somebody/focal@{COMMIT}"]
)
def test_weights_alone_are_fetched_for_a_segmenter(elsewhere, hub, tiny_runs, tiny_pets, address):
    with Image.open(photo_path(tiny_pets, "pug_1")) as photo:
        mask = Segmenter.load(address).predict(photo).mask
        expected = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(photo).mask
    np.testing.assert_array_equal(mask, expected)
    assert [Path(name).name for name in hub.sent] == ["model.safetensors"]


def test_a_revision_is_another_state_of_the_repository(elsewhere):
    assert Segmenter.load("hf://somebody/focal@older").metadata["loss"] == "ce"
    assert Segmenter.load("hf://somebody/focal").metadata["loss"] == "focal"


def test_weights_are_a_file_a_runs_folder_or_an_address_of_either(elsewhere, tiny_runs):
    run = tiny_runs / "ce-s0"
    expected = (run / "model.safetensors").read_bytes()
    given = [run, str(run), run / "model.safetensors", "hf://somebody/runs/ce-s0/model.safetensors"]
    for each in given:
        assert find_weights(each).read_bytes() == expected
    assert Segmenter.load(run).metadata["loss"] == "ce"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hf://somebody/none", "is not there, or is private: .*`hf auth login`"),
        ("hf://datasets/somebody/runs", "is not there, or is private"),
        ("hf://nobody/private", r"is refused by the Hub \(401\): run `hf auth login`"),
        ("hf://nobody/gated", "is given to those alone who asked for it on its page"),
        ("hf://nobody/broken", "is not whole on this machine, and the Hub does not answer: try again"),
        ("hf://somebody/runs@v9", "is not there: somebody/runs has no v9"),
        ("hf://somebody/runs/dice-s0", "leads to no run: somebody/runs has no dice-s0"),
        ("hf://a--b/runs", "has no name that a repository on the Hub can have"),
    ],
)
def test_what_cannot_be_had_is_one_line(elsewhere, address, said):
    with pytest.raises(InputError, match=rf"^{address} {said}[^\n]*$"):
        download(address)


def test_a_repository_of_many_runs_is_no_checkpoint(elsewhere):
    with pytest.raises(InputError, match=r"somebody/runs has no model\.safetensors, so name a run's folder in it$"):
        Segmenter.load("hf://somebody/runs")


def test_an_answer_that_ends_early_is_one_line_and_goes_on_later(elsewhere, hub, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # huggingface_hub tries again by itself
    hub.cut = True
    with pytest.raises(InputError, match=r"^hf://somebody/runs/ce-s0 did not arrive \([^\n]*\): try again[^\n]*$"):
        find_weights("hf://somebody/runs/ce-s0")
    hub.cut = False
    assert Segmenter.load("hf://somebody/runs/ce-s0").metadata["loss"] == "ce"


def test_without_a_network_what_was_fetched_is_taken_and_nothing_else(elsewhere, tiny_runs):
    folder = download("hf://somebody/runs/ce-s0")
    with fetching_from("http://127.0.0.1:9", elsewhere):
        assert download("hf://somebody/runs/ce-s0") == folder
        assert (
            find_weights("hf://somebody/runs/ce-s0").read_bytes()
            == (tiny_runs / "ce-s0" / "model.safetensors").read_bytes()
        )
        with pytest.raises(InputError, match="is not whole on this machine, and the Hub does not answer: try again"):
            download("hf://somebody/runs")


def test_without_a_network_and_without_a_copy_it_is_one_line(alone):
    with pytest.raises(InputError, match=r"^hf://somebody/runs is not whole on this machine[^\n]*$"):
        download("hf://somebody/runs")


def test_without_huggingface_hub_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match="^hf://somebody/runs needs one more package: pip install huggingface_hub$"):
        download("hf://somebody/runs")


def test_folders_of_the_cache_are_known_by_their_place(elsewhere, tiny_runs):
    whole, run = download("hf://somebody/focal"), download("hf://somebody/runs/ce-s0")
    assert cached_repository(whole) == "somebody/focal"
    assert cached_repository(run) is None
    assert cached_repository(tiny_runs) is cached_repository(Path("/")) is None


def test_from_a_fresh_process_it_is_the_same_and_then_without_asking(elsewhere, hub):
    code = "import sys; from seg.inference import Segmenter; print(Segmenter.load(sys.argv[1]).metadata['loss'])"
    for offline in ("0", "1"):
        ended = subprocess.run(
            [sys.executable, "-c", code, "hf://somebody/focal"],
            cwd=PROJECT,
            env=os.environ | {"HF_HUB_OFFLINE": offline},
            capture_output=True,
            text=True,
        )
        assert ended.stdout == "focal\n", ended.stderr
    assert hub.sent == ["model.safetensors"]
