"""Operating points follow exactly from the margins of single photos; shifts are chosen on training photos alone."""

import numpy as np
import pytest

from experiments.comparison.analysis import analyse, breed_intervals
from experiments.comparison.operating import POINTS
from seg.thresholds.margins import BINS, KINDS, STEPS

PHOTOS = 9


def drawn(seed: int, photos: int = PHOTOS) -> np.ndarray:
    """Histograms (N, 3, 122) of the same trimaps: border to the right of what is not, some of it in both open ends."""
    truth = np.random.default_rng(0).integers(300, 900, (photos, 2))
    rng = np.random.default_rng(seed)
    centres = np.array([66, 52, 56])[:, None] + rng.integers(-5, 6, (KINDS, 1))
    density = np.exp(-(((np.arange(BINS) - centres) / 14) ** 2)) + 0.01
    border, others = density[0] / density[0].sum(), (density[1:] / density[1:].sum()).ravel()
    histograms = np.zeros((photos, KINDS, BINS), dtype=np.int64)
    for photo, (true, rest) in enumerate(truth):
        histograms[photo, 0] = rng.multinomial(true, border)
        histograms[photo, 1:] = rng.multinomial(rest, others).reshape(2, BINS)
    return histograms


def confusions_of(histograms: np.ndarray) -> np.ndarray:
    """The counts that argmax has, by a loop over bins: bins from the 61st on are painted border."""
    counts = np.zeros((len(histograms), 3, 3), dtype=np.int64)
    for photo, kinds in enumerate(histograms):
        for place in range(BINS):
            painted = place >= 61
            true, right, wrong = kinds[:, place]
            counts[photo, 2, 2 if painted else 0] += true
            counts[photo, 0, 2 if painted else 0] += right
            counts[photo, 0, 2 if painted else 1] += wrong
    return counts


def slow_scores(histograms: np.ndarray, step: int) -> dict[str, float]:
    """Scores at a shift of so many tenths: bin i holds margins above its lower edge (i - 61) / 10."""
    hit = painted = right = 0
    for place in range(BINS):
        true, good, bad = histograms[:, :, place].sum(axis=0)
        if place - 61 >= -step:
            hit, painted = hit + true, painted + true + good + bad
        else:
            right += good
    true = histograms[:, 0].sum()
    return {
        "border_f1": 2 * hit / (true + painted),
        "border_recall": hit / true,
        "border_precision": hit / painted if painted else np.nan,
        "border_iou": hit / (true + painted - hit),
        "pixel_accuracy": (hit + right) / histograms.sum(),
    }


def best_step(histograms: np.ndarray) -> int:
    return max(STEPS, key=lambda step: (slow_scores(histograms, step)["border_f1"], -abs(step)))


@pytest.fixture
def write(write_run):
    """Write a run whose margins and argmax agree."""

    def run(name: str, scored: int, tuning: int, **options: object):
        margins = drawn(scored)
        return write_run(name, confusions_of(margins), margins=margins, tuning=drawn(tuning, 5), **options)

    return run


def test_each_point_has_the_scores_of_a_slow_recomputation(write):
    analysis = analyse([write("ce-s0", 1, 2), write("focal-s0", 3, 4, loss="focal")])
    for name, seed, tuning in (("ce", 1, 2), ("focal", 3, 4)):
        steps = {"argmax": 0, "tuned": best_step(drawn(tuning, 5)), "best": best_step(drawn(seed))}
        for point in POINTS:
            expected = slow_scores(drawn(seed), steps[point])
            for score, value in expected.items():
                row = analysis.operating.row(name, score, point=point)
                assert row["shift"] == pytest.approx(steps[point] / 10)
                assert row["mean"] == pytest.approx(value)
                assert row["low"] <= row["mean"] <= row["high"]
        for score in ("border_f1", "pixel_accuracy", "border_recall"):
            assert analysis.operating.row(name, score, point="argmax")["mean"] == pytest.approx(
                analysis.score(name, score)["mean"]
            )


def test_differences_are_from_the_baseline_at_the_same_point_and_from_it_as_it_is(write):
    analysis = analyse([write("ce-s0", 1, 2), write("focal-s0", 3, 4, loss="focal")])
    tuned = {"ce": best_step(drawn(2, 5)), "focal": best_step(drawn(4, 5))}
    f1 = {name: slow_scores(drawn(seed), tuned[name])["border_f1"] for name, seed in (("ce", 1), ("focal", 3))}
    row = analysis.operating.row("focal", "border_f1")
    assert row["difference"] == pytest.approx(f1["focal"] - f1["ce"])
    start = slow_scores(drawn(1), 0)["border_f1"]
    assert row["from_argmax"] == pytest.approx(f1["focal"] - start)
    assert analysis.operating.row("ce", "border_f1")["from_argmax"] == pytest.approx(f1["ce"] - start)


def test_over_breeds_a_difference_has_the_interval_of_photos_of_a_breed_drawn_together(write_run):
    """At argmax the margins' counts are those of images.csv, of which `breed_intervals` draws whole breeds."""
    names = [f"{breed}_{number}" for number in range(3) for breed in ("pug", "Sphynx", "Bengal")]
    runs = [
        write_run(f"{loss}-s0", confusions_of(drawn(seed)), margins=drawn(seed), loss=loss, photos=names)
        for loss, seed in (("ce", 1), ("focal", 3))
    ]
    analysis = analyse(runs)
    wide = breed_intervals(analysis).set_index(["configuration", "score"])
    for score in ("border_f1", "pixel_accuracy", "border_recall", "border_precision"):
        row, expected = analysis.operating.row("focal", score, point="argmax"), wide.loc["focal", score]
        assert (row["breeds_low"], row["breeds_high"]) == pytest.approx(
            (expected["difference_low"], expected["difference_high"])
        )


def test_the_best_point_is_at_least_as_good_as_every_other(write):
    points = analyse([write("ce-s0", 1, 2)]).operating.points
    f1 = points[points["score"] == "border_f1"].set_index("point")["mean"]
    assert f1["best"] >= max(f1["argmax"], f1["tuned"])


def test_a_loss_acts_like_the_shift_that_paints_as_much_of_the_training_photos(write):
    analysis = analyse([write("ce-s0", 1, 2), write("focal-s0", 3, 4, loss="focal")])
    table = analysis.operating.acts_like.set_index("score")

    def painted(histograms: np.ndarray, step: int) -> float:
        return histograms[:, :, 61 - step :].sum() / histograms.sum()

    share = painted(drawn(4, 5), 0)
    nearest = min(STEPS, key=lambda step: abs(painted(drawn(2, 5), step) - share))
    assert table["share"].iloc[0] == pytest.approx(share)
    assert table["shift"].iloc[0] == pytest.approx(nearest / 10)
    assert table.loc["border_f1", "mean"] == pytest.approx(slow_scores(drawn(1), nearest)["border_f1"])
    assert table.loc["border_f1", "difference"] == pytest.approx(
        slow_scores(drawn(3), 0)["border_f1"] - slow_scores(drawn(1), nearest)["border_f1"]
    )


def test_a_control_is_compared_with_the_baseline_under_the_same_control(write_run):
    other, margins_of_focal = confusions_of(drawn(8)), confusions_of(drawn(9))
    margins = drawn(1)
    runs = [
        write_run("ce-s0", confusions_of(margins), margins=margins, controls={"renormed": other}),
        write_run(
            "focal-s0", confusions_of(drawn(3)), margins=drawn(3), loss="focal", controls={"renormed": margins_of_focal}
        ),
    ]
    points = analyse(runs).operating.points
    controls = points[points["control"] != ""]
    assert set(controls["configuration"]) == {"ce", "focal"}
    assert set(controls["control"]) == {"renormed"}
    rows = controls[controls["point"].eq("argmax") & controls["score"].eq("border_recall")].set_index("configuration")
    recall = [counts[:, 2, 2].sum() / counts[:, 2].sum() for counts in (other, margins_of_focal)]
    assert rows["mean"].tolist() == pytest.approx(recall)
    assert rows["difference"].tolist() == pytest.approx([0, recall[1] - recall[0]])


def test_a_control_is_of_the_seeds_that_all_have_under_it(write_run):
    def write(name: str, loss: str, seed: int, control: int | None):
        scored = drawn(seed + (20 if loss == "focal" else 0))
        controls = {} if control is None else {"renormed": confusions_of(drawn(control))}
        return write_run(name, confusions_of(scored), margins=scored, loss=loss, seed=seed, controls=controls)

    runs = [write("ce-s0", "ce", 0, 31), write("ce-s1", "ce", 1, None)]
    runs += [write("focal-s0", "focal", 0, 33), write("focal-s1", "focal", 1, 34)]
    found = analyse(runs).operating
    for name, control in (("ce", 31), ("focal", 33)):
        row = found.row(name, "border_recall", point="argmax", control="renormed")
        assert row["seeds"] == 1
        assert row["mean"] == pytest.approx(slow_scores(drawn(control), 0)["border_recall"])
        assert found.row(name, "border_recall", point="argmax")["seeds"] == 2


def test_runs_without_margins_are_gaps_and_the_seeds_that_have_them_are_counted(write):
    runs = [write(f"ce-s{seed}", seed, seed + 10, seed=seed) for seed in range(3)]
    (runs[1].folder / "margins.npz").unlink()
    assert analyse(runs).operating.row("ce", "border_f1")["seeds"] == 2
    analysis = analyse([*runs, write("focal-s0", 5, 6, loss="focal")])
    assert analysis.operating.row("focal", "border_f1")["difference_seeds"] == 1
    (runs[0].folder / "margins.npz").unlink()
    (runs[2].folder / "margins.npz").unlink()
    assert analyse(runs).operating.points.empty


def test_what_stands_in_one_sentence_is_of_the_seeds_that_all_have(write):
    runs = [write(f"ce-s{seed}", seed, seed + 10, seed=seed) for seed in range(3)]
    runs += [write(f"focal-s{seed}", seed + 20, seed + 30, loss="focal", seed=seed) for seed in (1, 2)]
    runs.append(write("focal-gamma-5-s1", 41, 42, loss="focal", gamma=5.0, seed=1))
    points = analyse(runs).operating
    means = {name: points.row(name, "border_f1")["mean"] for name in ("ce", "focal")}
    tuned = [slow_scores(drawn(seed), best_step(drawn(seed + 10, 5)))["border_f1"] for seed in (1, 2)]
    assert means["ce"] == pytest.approx(np.mean(tuned))
    assert points.row("focal", "border_f1")["difference"] == pytest.approx(means["focal"] - means["ce"])
    # one that the question is not of takes no seed away from the others
    assert points.row("focal-gamma-5", "border_f1")["seeds"] == 1
    assert points.row("ce", "border_f1")["seeds"] == 2


def test_average_precision_has_an_interval_around_a_slow_recomputation(write):
    analysis = analyse([write("ce-s0", 1, 2), write("focal-s0", 3, 4, loss="focal")])
    for name, seed in (("ce", 1), ("focal", 3)):
        histograms = drawn(seed)
        true, total, before, expected = histograms[:, 0].sum(), 0, 0, 0.0
        hit = 0
        for place in reversed(range(BINS)):
            hit += histograms[:, 0, place].sum()
            total += histograms[:, :, place].sum()
            expected += (hit - before) / true * hit / total
            before = hit
        row = analysis.score(name, "average_precision")
        assert row["mean"] == pytest.approx(expected)
        assert row["low"] < row["mean"] < row["high"]


def test_curves_hold_every_shift(write):
    curves = analyse([write("ce-s0", 1, 2)]).operating.curves
    assert len(curves) == len(STEPS)
    for step in (-60, -7, 0, 13, 60):
        row = curves[np.isclose(curves["shift"], step / 10)].iloc[0]
        expected = slow_scores(drawn(1), step)
        assert {name: row[name] for name in expected} == pytest.approx(expected, nan_ok=True)
