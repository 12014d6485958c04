"""Photos are ranked as the runs' files say."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from demo.catalogue import Catalogue
from demo.spot.ranking import ALL_BREEDS, DISAGREEMENT, HARDEST, SUSPICION, breeds, ranking
from experiments.store.runs import BadRun


def test_photos_are_ranked_as_the_csv_files_say(catalogue, tiny_runs, border_f1):
    runs = catalogue.with_photo_scores()
    scores = pd.DataFrame({name: border_f1(tiny_runs / name) for name in ("ce-s0", "focal-s0")})
    table = ranking(runs, HARDEST, "border_f1", ALL_BREEDS).set_index("photo")
    assert table["mean"].is_monotonic_increasing
    pd.testing.assert_frame_equal(table[["ce-s0", "focal-s0"]], scores.loc[table.index], check_names=False)

    apart = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS).set_index("photo")["difference"]
    assert apart.abs().is_monotonic_decreasing
    expected = (scores["focal-s0"] - scores["ce-s0"]).loc[apart.index]
    np.testing.assert_allclose(apart, expected)

    assert ranking(runs, SUSPICION, "border_f1", ALL_BREEDS).columns.tolist() == ["photo", "score", "reason"]


def test_of_three_runs_the_first_two_disagree(tiny_runs, tmp_path, border_f1):
    between = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "weighted-s0")
    info = json.loads((between / "run.json").read_text())
    info["options"] |= {"loss": "weighted", "class_weights": "median"}
    (between / "run.json").write_text(json.dumps(info))
    images = pd.read_csv(between / "images.csv")
    # the first photos' borders are missed, the more the earlier
    for row, share in enumerate((1.0, 0.75, 0.5, 0.25)):
        moved = int(share * images.loc[row, "border_as_border"])
        images.loc[row, ["border_as_border", "border_as_pet"]] += [-moved, moved]
    images.to_csv(between / "images.csv", index=False)
    runs = Catalogue((tiny_runs, tmp_path)).with_photo_scores()
    assert [run.name for run in runs] == ["ce-s0", "weighted-s0", "focal-s0"]
    table = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS).set_index("photo")
    assert table.columns.tolist() == ["ce-s0", "weighted-s0", "difference"]
    assert table.index[:4].tolist() == images["name"][:4].tolist()
    np.testing.assert_allclose(
        table["difference"], (border_f1(between) - border_f1(tiny_runs / "ce-s0")).loc[table.index]
    )


def test_a_breed_leaves_its_photos_in_their_order(catalogue):
    runs = catalogue.with_photo_scores()
    assert breeds(runs) == [ALL_BREEDS, "beagle", "Bengal", "pug", "Sphynx"]
    everything = ranking(runs, HARDEST, "pixel_accuracy", ALL_BREEDS)["photo"].tolist()
    pugs = ranking(runs, HARDEST, "pixel_accuracy", "pug")["photo"].tolist()
    assert pugs == [photo for photo in everything if photo.startswith("pug_")]
    assert len(pugs) == 3


def test_a_damaged_file_is_not_ranked(tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    (run / "images.csv").write_text("name\nx\n")
    catalogue = Catalogue((tmp_path,))
    with pytest.raises(BadRun):
        ranking(catalogue.with_photo_scores(), HARDEST, "border_f1", ALL_BREEDS)
