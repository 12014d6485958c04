"""Scores of single photos are read back as they were written; what is damaged is told in one line."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments.scores import Place, appearing
from experiments.store.scored.photo_scores import (
    CONFUSION_COLUMNS,
    F1_COLUMNS,
    IMAGE_COLUMNS,
    MATCH_COLUMNS,
    Provenance,
    confusions,
    f1_within,
    how_to_rescore,
    read_images,
    same_photos,
    write_images,
)
from seg import InputError
from seg.metrics import border_matches, confusion_per_photo
from tests.experiments.conftest import made_up

# ---- what is whole


def test_images_are_read_back_as_they_were_written(run, counts):
    images = read_images(run)
    assert images.index.tolist() == [f"Bengal_{number}" for number in range(6)]
    assert (confusions(images) == counts).all()
    assert images["cross_entropy"].tolist() == pytest.approx(np.linspace(0.1, 0.6, 6))
    assert set(images["custom_iou"]) == {0.5}
    assert set(images["boundary_iou"]) == {0.25}
    assert set(images["boundary_iou_with_border"]) == {0.375}
    assert set(images["label_quality"]) == {0.125}
    assert (images[list(MATCH_COLUMNS)] == counts[:, 2, 2][:, None]).all(axis=None)
    assert set(images["precision"]) == {"fp32"}


def test_photos_with_names_that_look_like_numbers_keep_them(write_run, counts):
    names = ["007", "1e3", "a b", 'say "x", y', "+1", "inf"]
    assert read_images(write_run("x", counts, photos=names)).index.tolist() == names


def test_columns_are_a_contract_and_new_ones_come_after(run):
    header = (run.folder / "images.csv").read_text().splitlines()[0].split(",")
    assert header == list(IMAGE_COLUMNS)
    assert header[:13] == ["name", *CONFUSION_COLUMNS, "cross_entropy", "custom_iou", "boundary_iou"]
    assert header[13:19] == [
        *("boundary_iou_with_border", "label_quality"),
        *("border_found_1px", "border_placed_1px", "border_found_2px", "border_placed_2px"),
    ]
    assert header[19:] == ["border_f1_0px", "border_f1_1px", "border_f1_2px", "precision", "commit"]
    assert [score.name for score in appearing(Place.IMAGES)] == header[10:15]


@pytest.mark.parametrize(
    ("commit", "written"),
    [
        ("752b596" + "0" * 33, "752b596"),
        ("752b596" + "0" * 33 + "+changes", "752b596+changes"),
        (None, ""),
    ],
)
def test_the_commit_is_written_short_and_says_whether_the_code_differed(commit, written):
    assert Provenance("bf16", commit).cells == ("bf16", written)


@pytest.mark.parametrize("count", ["-1", "1.5", "inf"])
@pytest.mark.parametrize("column", ["pet_as_pet", "border_found_2px"])
def test_a_count_that_is_none_is_told(run, refusal, column, count):
    path = run.folder / "images.csv"
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[3][lines[0].index(column)] = count
    path.write_text("".join(",".join(cells) + "\n" for cells in lines))
    assert f"line 4: {column} is " in refusal(read_images, run)


def test_a_score_that_a_photo_lacks_is_a_gap(run):
    path = run.folder / "images.csv"
    path.write_text(path.read_text().replace(",0.5,", ",,", 1))
    assert read_images(run)["custom_iou"].isna().tolist() == [True] + [False] * 5


def test_a_photo_named_twice_is_told(write_run, counts, refusal):
    run = write_run("x", counts, photos=["a_1", "a_2", "a_3", "a_1", "a_5", "a_6"])
    assert "images.csv, line 5: names a photo twice" in refusal(read_images, run)


def test_the_remedy_of_a_controls_file_asks_for_the_control(run):
    for name, options in {
        "images.csv": "--details",
        "controls/mirrored/images.csv": "--details --flip",
        "controls/renormed/margins.npz": "--details --renorm",
        "controls/mirrored-renormed/images.csv": "--details --flip --renorm",
    }.items():
        assert how_to_rescore(run, name).endswith(f"{run.folder} {options}`")


# ---- border F1 with a tolerance


def slow_f1(predicted: np.ndarray, truth: np.ndarray, pixels: int) -> float:
    """Of one or more photos (B, H, W), one border pixel after another."""
    true, painted = np.argwhere(truth == 2), np.argwhere(predicted == 2)

    def share(these: np.ndarray, those: np.ndarray) -> float:
        if not len(these):
            return math.nan
        right = [any(a[0] == b[0] and math.dist(a, b) <= pixels for b in those) for a in these.tolist()]
        return sum(right) / len(right)

    recall, precision = share(true, painted.tolist()), share(painted, true.tolist())
    if math.isnan(recall) and math.isnan(precision):
        return math.nan
    if math.isnan(recall) or math.isnan(precision) or recall + precision == 0:
        return 0.0
    return 2 * recall * precision / (recall + precision)


@settings(max_examples=10)
@given(arrays(np.int64, (2, 3, 5, 6), elements=st.integers(0, 2), fill=st.just(1)))
def test_tolerant_f1_is_that_of_a_slow_loop(maps):
    """Of each photo, and of both together."""
    predicted, truth = (torch.from_numpy(side) for side in maps)
    found, placed = border_matches(predicted, truth).movedim(2, 0).numpy()
    table = pd.DataFrame(confusion_per_photo(predicted, truth).flatten(1).numpy(), columns=list(CONFUSION_COLUMNS))
    for index, pixels in enumerate((1, 2)):
        table[f"border_found_{pixels}px"], table[f"border_placed_{pixels}px"] = found[:, index], placed[:, index]
    for pixels in (0, 1, 2):
        expected = [slow_f1(maps[0][i : i + 1], maps[1][i : i + 1], pixels) for i in range(3)]
        assert f1_within(table, pixels).tolist() == pytest.approx(expected, nan_ok=True)
        together = f1_within(table.sum().to_frame().T, pixels).iloc[0]
        assert together == pytest.approx(slow_f1(*maps, pixels), nan_ok=True)


def test_a_photos_own_f1_is_written_beside_its_counts(tmp_path, counts):
    scored = made_up(counts, list("abcdef"))
    matches = scored.evaluation.details.border_matches
    matches = torch.stack([matches[:, 0], torch.full_like(matches[:, 0], 7)], dim=1)
    scored.evaluation.details.__dict__["border_matches"] = matches
    write_images(tmp_path, scored.names, scored.evaluation, scored.made)
    table = pd.read_csv(tmp_path / "images.csv")
    true, painted, hits = counts[:, 2].sum(axis=1), counts[:, :, 2].sum(axis=1), counts[:, 2, 2]
    exact = 2 * hits / (true + painted)
    assert table["border_f1_0px"].tolist() == pytest.approx(exact.tolist(), rel=1e-6)
    assert table["border_f1_1px"].tolist() == pytest.approx(exact.tolist(), rel=1e-6)  # as many found and placed
    assert table["border_f1_2px"].tolist() == pytest.approx((14 / (true + painted)).tolist(), rel=1e-6)


def test_f1_with_a_tolerance_is_a_gap_where_a_file_does_not_know_the_matches(run):
    path = run.folder / "images.csv"
    pd.read_csv(path).drop(columns=list(MATCH_COLUMNS + F1_COLUMNS)).to_csv(path, index=False)
    images = read_images(run)
    assert f1_within(images, 0).notna().all()
    assert f1_within(images, 1).isna().all()


# ---- runs on the same photos


def test_runs_on_a_part_of_the_photos_share_that_part_in_one_order(write_run, counts):
    one = write_run("one", counts, photos=list("abcdef"))
    two = write_run("two", counts[[4, 2, 0]], photos=list("eca"))
    three = write_run("three", counts[[5, 0, 4]], photos=list("fae"))
    images = same_photos([one, two, three])
    for table in images:
        assert table.index.tolist() == ["a", "e"]
        assert (confusions(table) == counts[[0, 4]]).all()


def test_runs_on_different_photos_are_refused(write_run, counts):
    with pytest.raises(InputError, match="two and one were scored on different photos") as refused:
        same_photos([write_run("one", counts[:3], photos="abc"), write_run("two", counts[3:], photos="def")])
    assert "\n" not in str(refused.value)


def test_runs_on_different_trimaps_are_refused(write_run, counts):
    other = counts.copy()
    other[2, 0, 0] += 1
    with pytest.raises(InputError, match="two and one were scored on different trimaps"):
        same_photos([write_run("one", counts), write_run("two", other)])


def test_runs_scored_at_different_sides_are_refused(write_run):
    one, two = np.zeros((3, 3, 3), dtype=int), np.zeros((3, 3, 3), dtype=int)
    one[:, 0, 0], two[:, 0, 0] = 16 * 16, 32 * 32
    with pytest.raises(InputError, match=r"two and one were scored at another side \(32 x 32, and 16 x 16\)"):
        same_photos([write_run("one", one), write_run("two", two)])
