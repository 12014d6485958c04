"""The figures show the numbers of the CSVs: each is read back from the picture, by the labels of its axes' ticks."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from experiments.cli.command_line import RESULTS
from experiments.comparison.analysis import Analysis, analyse
from experiments.reporting.figures import draw_figures
from experiments.store.runs import find_runs
from seg.losses import LOSSES

SHIPPED = Path(__file__).parents[3] / "experiments" / "figures"
FIGURES = ("by-epoch", "recall-precision", "price", "threshold", "near-the-outline", "reliability")
# by configuration, whatever seeds of it are shipped
RUNS = {name: sorted(path.name for path in RESULTS.glob(f"{name}-s*")) for name in ("ce", "weighted", "focal")}
SVG = "{http://www.w3.org/2000/svg}"
# In points of a per cent, or epochs, or pixels: far below what an eye sees, far above what SVG's digits lose
NEAR = 0.005

Numbers = dict[str, np.ndarray]


# ---- reading a picture


def numbers(path: Path) -> Numbers:
    """What was drawn of data, by id: the points (N, 2) in the units of the axes."""
    found, scales = {}, {}
    for axes in (group for group in ElementTree.parse(path).iter(f"{SVG}g") if group.get("id", "").startswith("axes_")):
        # panels that share an axis are labelled once
        scales |= {side: scale for side in "xy" if (scale := axis_scale(axes, side))}
        for name, group in drawn(axes).items():
            assert name not in found, name
            places = drawn_places(group)
            found[name] = np.column_stack([scales[side](places[:, i]) for i, side in enumerate("xy")])
    return found


def drawn(picture: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """What is drawn of data, by id."""
    groups = {group.get("id", ""): group for group in picture.iter(f"{SVG}g")}
    return {name.removeprefix("drawn-"): group for name, group in groups.items() if name.startswith("drawn-")}


def drawn_places(group: ElementTree.Element) -> np.ndarray:
    """Where a line's vertices, an area's corners, or markers without a line are in the picture: (N, 2)."""
    used = np.array([(use.get("x"), use.get("y")) for use in group.iter(f"{SVG}use")], dtype=float)
    lines, area = group.findall(f"{SVG}path"), group.get("id").endswith("-range")
    if not lines and not area:
        return used
    paths = " ".join(path.get("d") for path in lines or group.iter(f"{SVG}path"))
    return np.array(re.findall(r"[ML] (\S+) (\S+)", paths), dtype=float) + (used if area else 0)


def axis_scale(axes: ElementTree.Element, side: str) -> Callable[[np.ndarray], np.ndarray] | None:
    """What places along an axis stand for, linear or logarithmic, by its ticks; None where they have no labels."""
    ticks = [group for group in axes.iter(f"{SVG}g") if group.get("id", "").startswith(f"{side}tick_")]
    ticks = [(tick.find(f".//{SVG}use"), tick.find(f".//{SVG}text")) for tick in ticks]
    labelled = [(mark.get(side), text.text.replace("−", "-")) for mark, text in ticks if text is not None]
    if not labelled:
        return None
    if any(re.search("–", text) for _, text in labelled):  # ranges such as 8–16, one after another
        labelled = [(place, number) for number, (place, _) in enumerate(labelled)]
    places, values = np.array(labelled, dtype=float).T
    for there, back in ((np.asarray, np.asarray), (np.log, np.exp)):
        slope, offset = np.polyfit(places, there(values), 1)
        if np.allclose(back(slope * places + offset), values, atol=1e-3):
            return lambda place: back(slope * place + offset)
    raise AssertionError(f"ticks at {places} are labelled {values}")


def colours(path: Path) -> dict[str, str]:
    """The colour of each thing drawn of data, by id."""
    groups = drawn(ElementTree.parse(path))
    styles = {name: [part.get("style", "") for part in group.iter()] for name, group in groups.items()}
    found = {name: re.findall(r"(?:stroke|fill): (#\w+)", " ".join(said)) for name, said in styles.items()}
    # an open marker is white inside
    return {name: next(colour for colour in said if colour != "#ffffff") for name, said in found.items()}


def words(path: Path) -> list[str]:
    """Titles, labels and legends; the ticks' labels are another matter."""
    texts = (text.text for text in ElementTree.parse(path).iter(f"{SVG}text"))
    return [text for text in texts if not re.fullmatch(r"−?[\d.]+", text)]


def assert_same_numbers(one: Numbers, other: Numbers) -> None:
    assert one.keys() == other.keys()
    for name, points in one.items():
        if name.endswith("-range"):  # an area's corners, in whatever order it was drawn, some of them twice
            for side in (np.minimum, np.maximum):
                ends = [
                    {round(x): side.reduce(y[:, 1][np.isclose(y[:, 0], x, atol=NEAR)]) for x in y[:, 0]}
                    for y in (points, other[name])
                ]
                assert ends[0] == pytest.approx(ends[1], abs=NEAR), name
            continue
        assert points.shape == other[name].shape, name
        np.testing.assert_allclose(points, other[name], rtol=0, atol=NEAR, err_msg=name)


# ---- what the CSVs say, by code that shares none with the figures'


def table(run: str, file: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / run / file)


def in_per_cent(*columns: pd.Series) -> np.ndarray:
    return 100 * np.column_stack(columns)


def epochs_say() -> Numbers:
    said = {}
    for name, runs in RUNS.items():
        tables = [table(run, "epochs.csv").query("epoch > 0") for run in runs]
        epochs = tables[0]["epoch"]
        for score in ("pixel_accuracy", "border_f1"):
            values = 100 * np.stack([each[score] for each in tables])
            mean = np.column_stack([epochs, values.mean(axis=0)])
            said[f"{name}-{score}"] = mean
            # all but the last row is of a sample
            said[f"{name}-{score}-sample"], said[f"{name}-{score}-all"] = mean[:-1], mean[-1:]
            if len(runs) > 1:
                low, high = values.min(axis=0), values.max(axis=0)
                said[f"{name}-{score}-range"] = np.column_stack([[*epochs, *epochs], [*low, *high]])
    return said


def bands_say() -> Numbers:
    """By place on the axis: from far inside to the edge, and on to far outside."""
    said = {}
    for name, runs in RUNS.items():
        bands = pd.concat(table(run, "bands.csv") for run in runs)
        bands = bands.groupby(["edge", "side", "to"], sort=True)[["pixels", "correct"]].sum()
        accuracy = 100 * bands["correct"] / bands["pixels"]
        for edge in ("pet", "pet_and_border"):
            inside, outside = (accuracy[edge, side].to_numpy() for side in ("inside", "outside"))
            values = [*inside[::-1], *outside]
            said[f"{name}-accuracy-{edge}"] = np.column_stack([range(len(values)), values])
    return said


def calibration_says() -> Numbers:
    said = {}
    for name, runs in RUNS.items():
        bins = pd.concat(table(run, "calibration.csv") for run in runs).query("count > 0 and temperature == 1")
        sums = (
            bins.assign(confidence=bins["count"] * bins["mean_confidence"], correct=bins["count"] * bins["accuracy"])
            .groupby(["pixels", "bin"])[["count", "confidence", "correct"]]
            .sum()
        )
        for pixels, found in sums.groupby("pixels"):
            said[f"{name}-reliability-{pixels}"] = in_per_cent(
                found["confidence"] / found["count"], found["correct"] / found["count"]
            )
    return said


STEPS = range(-60, 61)


def thresholds_say() -> Numbers:
    """From the histograms of the seeds that all have, by loops over bins of 0.1 in [-6, 6]; means over seeds."""
    folders = {name: {path.name.rpartition("-s")[2]: path for path in RESULTS.glob(f"{name}-s?")} for name in RUNS}
    seeds = sorted(set.intersection(*map(set, folders.values())))
    said = {}
    for name in RUNS:
        by_seed = [margins_of(folders[name][seed]) for seed in seeds]
        best = [max(STEPS, key=lambda step: (at(tuning, step)["border_f1"], -abs(step))) for _, tuning in by_seed]
        curves = [mean_of([at(scored, step) for scored, _ in by_seed]) for step in STEPS]
        shown = [each for each in curves if 0.1 <= each["border_recall"] <= 0.95]
        points = {
            "argmax": mean_of([at(scored, 0) for scored, _ in by_seed]),
            "tuned": mean_of([at(scored, step) for (scored, _), step in zip(by_seed, best, strict=True)]),
        }
        for x, y in (("border_recall", "border_precision"), ("pixel_accuracy", "border_f1")):
            said[f"{name}-{x}-{y}"] = 100 * np.array([[each[x], each[y]] for each in shown])
            for point, there in points.items():
                said[f"{name}-{point}-{y}"] = 100 * np.array([[there[x], there[y]]])
    return said


def margins_of(folder: Path) -> list[np.ndarray]:
    with np.load(folder / "margins.npz") as arrays:
        return [arrays[which].sum(axis=0, dtype=np.int64) for which in ("scored", "tuning")]


def mean_of(scores: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(each[name] for each in scores) / len(scores) for name in scores[0]}


def at(histograms: np.ndarray, step: int) -> dict[str, float]:
    painted, left = histograms[:, 61 - step :].sum(axis=1), histograms[:, : 61 - step].sum(axis=1)
    recall, precision = painted[0] / histograms[0].sum(), painted[0] / max(painted.sum(), 1)
    return {
        "border_recall": recall,
        "border_precision": precision,
        "border_f1": 2 * painted[0] / (histograms[0].sum() + painted.sum()),
        "pixel_accuracy": (painted[0] + left[1]) / histograms.sum(),
    }


def images_say(x: str, y: str, *, difference: bool) -> Numbers:
    """Scores counted from all photos; the intervals are the analysis's, which have tests of their own."""
    analysis, said = shipped_analysis(), {}
    centre, *ends = ("difference", "difference_low", "difference_high") if difference else ("mean", "low", "high")
    for name in RUNS:
        if difference and name == "ce":
            continue
        # differences are over the seeds that both have
        runs = [run for run in RUNS[name] if not difference or f"ce-{run.split('-')[-1]}" in RUNS["ce"]]
        point = np.mean([[score_of_images(run, score) for score in (x, y)] for run in runs], axis=0)
        if difference:
            against = [f"ce-{run.split('-')[-1]}" for run in runs]
            point -= np.mean([[score_of_images(run, score) for score in (x, y)] for run in against], axis=0)
        rows = [analysis.score(name, score) for score in (x, y)]
        assert point == pytest.approx([row[centre] for row in rows], abs=1e-9)
        said[name] = 100 * point[None]
        across, up = (100 * row[list(ends)].to_numpy(float) for row in rows)
        said[f"{name}-{x}"] = np.column_stack([across, [100 * point[1]] * 2])
        said[f"{name}-{y}"] = np.column_stack([[100 * point[0]] * 2, up])
    return said


def score_of_images(run: str, score: str) -> float:
    counts = table(run, "images.csv").sum(numeric_only=True)
    hits, missed = counts["border_as_border"], counts[["border_as_pet", "border_as_background"]].sum()
    painted = counts[["pet_as_border", "background_as_border"]].sum()
    right = hits + counts["pet_as_pet"] + counts["background_as_background"]
    return {
        "pixel_accuracy": right / counts.filter(like="_as_").sum(),
        "border_recall": hits / (hits + missed),
        "border_precision": hits / (hits + painted),
        "border_f1": 2 * hits / (2 * hits + missed + painted),
    }[score]


@cache
def shipped_analysis() -> Analysis:
    return analyse(find_runs([RESULTS])[0])


EXPECTED = {
    "by-epoch": epochs_say,
    "recall-precision": lambda: images_say("border_recall", "border_precision", difference=False),
    "price": lambda: images_say("pixel_accuracy", "border_f1", difference=True),
    "threshold": thresholds_say,
    "near-the-outline": bands_say,
    "reliability": calibration_says,
}


# ---- the tests


@pytest.mark.parametrize("name", FIGURES)
def test_a_shipped_figure_shows_the_numbers_of_the_csvs(name):
    read = numbers(SHIPPED / f"{name}.svg")
    article = read.pop("article", None)
    # where the side changes: before epochs 15 and 18
    marks = {key: read.pop(key) for key in list(read) if key.startswith("side-")}
    assert {round(float(line[0, 0]), 1) for line in marks.values()} == ({14.5, 17.5} if name == "by-epoch" else set())
    assert_same_numbers(read, EXPECTED[name]())
    assert (article is None) == (name != "by-epoch")
    if article is not None:
        assert article[:, 1] == pytest.approx([88.28, 88.28], abs=NEAR)


def test_the_shipped_figures_are_those_that_are_drawn(tmp_path):
    """The numbers, colours and words: where they lie is matplotlib's, which moves with its version."""
    paths = draw_figures(shipped_analysis(), tmp_path)
    assert {path.stem for path in paths} == set(FIGURES) == {path.stem for path in SHIPPED.iterdir()}
    for path in paths:
        shipped = SHIPPED / path.name
        assert_same_numbers(numbers(path), numbers(shipped))
        assert colours(path) == colours(shipped)
        assert words(path) == words(shipped)


def test_each_loss_has_its_colour_and_is_in_the_legend():
    for path in SHIPPED.iterdir():
        of_losses = {
            name: colour for name, colour in colours(path).items() if name != "article" and not name.startswith("side-")
        }
        assert of_losses == {name: LOSSES[name.split("-")[0]].colour.lower() for name in of_losses}
        assert {name.split("-")[0] for name in of_losses} <= set(words(path))


def test_seeds_are_drawn_as_their_mean_and_range(finished_runs, tmp_path):
    folder = finished_runs(("ce", 0, 2), ("ce", 1, 2))
    one, other = (pd.read_csv(folder / name / "epochs.csv") for name in ("ce-s0", "ce-s1"))
    other["border_f1"] = [0.0, 0.25, 0.5]
    other.to_csv(folder / "ce-s1" / "epochs.csv", index=False)
    draw_figures(analyse(find_runs([folder])[0]), tmp_path)
    read = numbers(tmp_path / "by-epoch.svg")
    both = 100 * np.stack([one["border_f1"], other["border_f1"]])[:, 1:]
    np.testing.assert_allclose(read["ce-border_f1"], np.column_stack([[1, 2], both.mean(axis=0)]), atol=NEAR)
    outline = read["ce-border_f1-range"]
    for epoch, scores in zip((1, 2), both.T, strict=True):
        edge = outline[np.isclose(outline[:, 0], epoch, atol=NEAR), 1]
        assert (edge.min(), edge.max()) == pytest.approx((scores.min(), scores.max()), abs=NEAR)


def test_runs_that_cannot_be_compared_have_no_price(finished_runs, tmp_path):
    draw_figures(analyse(find_runs([finished_runs(("focal", 0, 2))])[0]), tmp_path)
    # nor have runs without margins thresholds
    assert {path.stem for path in tmp_path.glob("*.svg")} >= set(FIGURES) - {"price", "threshold"}
    assert not (tmp_path / "price.svg").exists()
