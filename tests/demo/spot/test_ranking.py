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
    table = ranking(runs, HARDEST, "border_f1", ALL_BREEDS)[0].set_index("photo")
    assert table["mean"].is_monotonic_increasing
    pd.testing.assert_frame_equal(table[["ce-s0", "focal-s0"]], scores.loc[table.index], check_names=False)

    apart = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS)[0].set_index("photo")["difference"]
    assert apart.abs().is_monotonic_decreasing
    expected = (scores["focal-s0"] - scores["ce-s0"]).loc[apart.index]
    np.testing.assert_allclose(apart, expected)

    suspected, _ = ranking(runs, SUSPICION, "border_f1", ALL_BREEDS)
    assert suspected.columns.tolist() == ["photo", "score", "reason"]
    quality = [pd.read_csv(tiny_runs / name / "images.csv", index_col="name")["label_quality"] for name in scores]
    expected = ((quality[0] + quality[1]) / 2).sort_values(kind="stable")
    assert suspected["photo"].tolist() == expected.index.tolist()
    np.testing.assert_allclose(suspected["score"], expected)


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
    table = ranking(runs, DISAGREEMENT, "border_f1", ALL_BREEDS)[0].set_index("photo")
    assert table.columns.tolist() == ["ce-s0", "weighted-s0", "difference"]
    assert table.index[:4].tolist() == images["name"][:4].tolist()
    np.testing.assert_allclose(
        table["difference"], (border_f1(between) - border_f1(tiny_runs / "ce-s0")).loc[table.index]
    )


def test_a_breed_leaves_its_photos_in_their_order(catalogue):
    runs = catalogue.with_photo_scores()
    assert breeds(runs) == [ALL_BREEDS, "beagle", "Bengal", "pug", "Sphynx"]
    everything = ranking(runs, HARDEST, "pixel_accuracy", ALL_BREEDS)[0]["photo"].tolist()
    pugs = ranking(runs, HARDEST, "pixel_accuracy", "pug")[0]["photo"].tolist()
    assert pugs == [photo for photo in everything if photo.startswith("pug_")]
    assert len(pugs) == 3


def test_the_hardest_are_without_broken_trimaps_which_is_said(own_runs):
    """Here the trimap of a pug has no pet, and a beagle's is swapped."""
    for name in ("ce-s0", "focal-s0"):
        images = pd.read_csv(own_runs / name / "images.csv", index_col="name")
        pet, background = (
            images.columns[images.columns.str.startswith(f"{true}_as_")] for true in ("pet", "background")
        )
        images.loc["pug_2", pet] = 0
        images.loc["beagle_47", [*pet, *background]] = [10, 100, 0, 100, 10, 0]
        images.to_csv(own_runs / name / "images.csv")
    runs = Catalogue((own_runs,)).with_photo_scores()
    table, said = ranking(runs, HARDEST, "pixel_accuracy", ALL_BREEDS)
    assert not {"pug_2", "beagle_47"} & set(table["photo"])
    assert "2 photos are left out" in said
    assert said.endswith("beagle_47, pug_2. *Label probably wrong* ranks them.")
    table, said = ranking(runs, HARDEST, "pixel_accuracy", "pug")
    assert len(table) == 2
    assert "1 photo is left out" in said
    assert "left out" not in ranking(runs, HARDEST, "pixel_accuracy", "Sphynx")[1]
    suspected, said = ranking(runs, SUSPICION, "pixel_accuracy", ALL_BREEDS)
    reasons = suspected.set_index("photo")["reason"]
    assert reasons["pug_2"].startswith("the trimap has no pet")
    assert reasons["beagle_47"] == "pet and background look swapped to every loss"
    assert "Lad and Mueller" in said


def test_a_damaged_file_is_not_ranked(tiny_runs, tmp_path):
    run = shutil.copytree(tiny_runs / "ce-s0", tmp_path / "ce-s0")
    (run / "images.csv").write_text("name\nx\n")
    catalogue = Catalogue((tmp_path,))
    with pytest.raises(BadRun):
        ranking(catalogue.with_photo_scores(), HARDEST, "border_f1", ALL_BREEDS)
