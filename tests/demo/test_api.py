"""What programs and agents get of the app, without a server between."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.api import compare_api, names_in, runs_api, segment_api
from demo.catalogue import Catalogue
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from seg import InputError
from seg.hub import download
from seg.inference import Segmenter

BOTH = ["ce-s0", "focal-s0"]


@pytest.fixture
def catalogue(even_runs) -> Catalogue:
    return Catalogue((even_runs,))


def test_api_mask_is_an_indexed_png_of_the_photo_as_seen(catalogue, tiny_runs, photo):
    path, report = segment_api(catalogue, str(photo), "focal-s0")
    with Image.open(path) as mask, Image.open(photo) as original:
        assert (mask.format, mask.mode, mask.size) == ("PNG", "P", (30, 50))
        expected = Segmenter.load(tiny_runs / "focal-s0" / "model.safetensors").predict(original).mask
        np.testing.assert_array_equal(np.asarray(mask), expected)
    assert report["checkpoint"] == "focal-s0"
    assert report["size"] == [30, 50]
    assert report["milliseconds"] > 0
    assert report["share"] == pytest.approx(
        {name: float((expected == value).mean()) for value, name in enumerate(("pet", "background", "border"))}
    )


def test_a_run_whose_name_has_a_slash_segments_and_no_file_is_left_beside_gradios(
    own_runs, photo, hub, monkeypatch, tmp_path
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    catalogue = Catalogue((own_runs, download("hf://somebody/runs")))
    one, other = (Path(segment_api(catalogue, str(photo), "ce-s0 (somebody/runs)")[0]) for _ in range(2))
    assert one.name == other.name == "upright-ce-s0 (somebody_runs).png"
    assert one.parents[1] == other.parents[1] == tmp_path / "cache"
    assert one.parent != other.parent  # who has the one is not led to the other
    assert one.read_bytes() == other.read_bytes()
    assert list(temporary.iterdir()) == []


def test_an_empty_folder_of_runs_is_no_error(tmp_path):
    assert runs_api(Catalogue((tmp_path,))) == []


@pytest.mark.parametrize(
    ("checkpoint", "said"), [("nothing-s0", "choose from ce-s0, focal-s0"), ("../ce-s0", "no checkpoint")]
)
def test_api_names_the_checkpoints_it_has(catalogue, photo, checkpoint, said):
    with pytest.raises(InputError, match=said):
        segment_api(catalogue, str(photo), checkpoint)


def test_api_says_what_to_do_with_a_file_that_is_no_image(catalogue, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("not a photo")
    with pytest.raises(InputError, match=r"notes\.jpg cannot be read as an image: save it as JPEG or PNG"):
        segment_api(catalogue, str(path), "ce-s0")


def test_the_api_gives_the_analysis_without_nan(catalogue):
    content = compare_api(catalogue, [])
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    analysis = analyse(catalogue.scored())
    assert content["answer"] == verdict(analysis)
    assert content["runs"] == BOTH
    assert content["compared_with"] == "ce"
    assert len(content["scores"]) == len(analysis.scores)
    assert content["scores"][0]["mean"] == pytest.approx(analysis.scores["mean"][0])
    assert {row["configuration"] for row in compare_api(catalogue, ["focal-s0"])["scores"]} == {"focal"}
    with pytest.raises(InputError, match=r"dice-s0: choose from ce-s0, focal-s0"):
        compare_api(catalogue, ["dice-s0"])


def test_api_tells_why_runs_cannot_be_compared(even_runs, tmp_path):
    folder = shutil.copytree(even_runs, tmp_path / "runs")
    images = pd.read_csv(folder / "focal-s0" / "images.csv")
    images.assign(name="other_" + images["name"]).to_csv(folder / "focal-s0" / "images.csv", index=False)
    with pytest.raises(InputError, match="different photos"):
        compare_api(Catalogue((folder,)), [])


@pytest.mark.parametrize("path", ["focal-s0/model.safetensors", "focal-s0"])
def test_api_tells_of_a_checkpoint_that_vanishes_once_listed(vanishing, photo, path):
    with pytest.raises(InputError, match="focal-s0 has no checkpoint any more: choose another run, or train it again"):
        segment_api(vanishing("with_checkpoint", path), str(photo), "focal-s0")


def test_scores_of_photos_that_vanish_once_listed_leave_those_of_the_epochs(vanishing):
    content = compare_api(vanishing("scored", "focal-s0"), BOTH)
    footing = {"epoch": 2, "side": 32, "photos": 8, "detailed": False, "trimap_side": 32, "holdout": False}
    footing |= {"own_border": None}
    assert content["footing"] == footing
    assert "without intervals" in content["answer"][-1]


def test_without_names_a_short_run_stands_apart(even_runs, tmp_path):
    folder = Path(shutil.copytree(even_runs, tmp_path / "runs"))
    short = shutil.copytree(folder / "ce-s0", folder / "a-s0")
    info = json.loads((short / "run.json").read_text())
    info["options"] |= {"epochs": 1, "size": 16}
    (short / "run.json").write_text(json.dumps(info))
    pd.read_csv(short / "epochs.csv").head(2).to_csv(short / "epochs.csv", index=False)
    content = compare_api(Catalogue((folder,)), [])
    assert (content["runs"], content["apart"]) == (BOTH, ["a-s0"])
    assert content["scores"] == compare_api(Catalogue((even_runs,)), [])["scores"]
    with pytest.raises(InputError, match=r"focal-s0 and a-s0 were scored at another side \(32 x 32, and 16 x 16\)"):
        compare_api(Catalogue((folder,)), ["a-s0", "focal-s0"])


def test_the_list_of_runs_says_what_their_scores_stand_on(tiny_runs):
    listed = {run["name"]: run for run in runs_api(Catalogue((tiny_runs,)))}
    assert {name: (run["epochs"], run["side"], run["photos_scored"]) for name, run in listed.items()} == {
        "ce-s0": (2, 32, 8),
        "focal-s0": (3, 32, 8),
    }


def test_one_run_s_damaged_scores_take_away_that_run_and_say_so(even_runs, tmp_path):
    folder = Path(shutil.copytree(even_runs, tmp_path / "runs"))
    (folder / "focal-s0" / "images.csv").write_text("damaged\n")
    for names in ([], BOTH):
        content = compare_api(Catalogue((folder,)), names)
        assert content["runs"] == ["ce-s0"]
        [told] = content["left_out"]
        assert told.startswith("focal-s0/images.csv")
        assert str(tmp_path) not in told
    assert compare_api(Catalogue((even_runs,)), [])["left_out"] == []
    with pytest.raises(InputError, match=r"images\.csv"):
        compare_api(Catalogue((folder,)), ["focal-s0"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        (" , ,", []),
        ("ce-s0", ["ce-s0"]),
        ("ce-s0, lr=0.001,bs=32", ["ce-s0", "lr=0.001,bs=32"]),
        ("lr=0.001,bs=32,ce-s0,", ["lr=0.001,bs=32", "ce-s0"]),
        ("a,b,c", ["a,b", "c"]),
        ("a,b,c,d", ["a,b", "c,d"]),
        ("gone,ce-s0", ["gone", "ce-s0"]),
        ("lr=0.001,bs=64", ["lr=0.001", "bs=64"]),
        ("ce-s0 (x, y)", ["ce-s0 (x, y)"]),
    ],
)
def test_a_list_of_names_holds_names_that_have_commas(text, names):
    assert names_in(text, ["ce-s0", "lr=0.001,bs=32", "a,b", "c,d", "ce-s0 (x, y)"]) == names


@given(
    st.lists(st.text("ab ,=", min_size=1, max_size=5).map(str.strip).filter(bool), min_size=1, max_size=6, unique=True)
)
def test_every_name_that_is_listed_can_be_asked_for(known):
    for name in known:
        if "" not in [part.strip() for part in name.split(",")]:
            assert names_in(name, known) == [name]


def test_the_third_run_of_one_name_segments_a_photo(tiny_runs, tmp_path, photo):
    folders = [Path(shutil.copytree(tiny_runs, tmp_path / letter / "runs")) for letter in "abc"]
    catalogue = Catalogue(tuple(folders))
    name = "ce-s0 (c/runs)"
    assert name in [run["name"] for run in runs_api(catalogue)]
    mask, report = segment_api(catalogue, str(photo), name)
    assert report["checkpoint"] == name
    assert Path(mask).is_file()
    assert compare_api(catalogue, names_in(name, [run["name"] for run in runs_api(catalogue)]))["runs"] == [name]
