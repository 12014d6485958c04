"""Accuracy by distance and side is of the pixels of all runs of a configuration together."""

import numpy as np
import pytest

from experiments.comparison.configurations import configurations
from experiments.comparison.outline import accuracy_by_side
from experiments.store.runs import Run


def bands(seed: int) -> np.ndarray:
    """(2, 2, 5, 2); one band has no pixel."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(10, 500, (2, 2, 5))
    pixels[1, 1, 4] = 0
    return np.stack([pixels, rng.binomial(pixels, 0.6)], axis=-1)


@pytest.fixture
def runs(write_run, draw_confusions) -> list[Run]:
    counts = draw_confusions(1, 2)[0]
    which = [("ce", 0), ("ce", 1), ("focal", 0)]
    return [
        write_run(f"{loss}-s{seed}", counts, loss=loss, seed=seed, bands=bands(index))
        for index, (loss, seed) in enumerate(which)
    ]


def test_each_side_of_each_edge_has_its_own_accuracy(runs):
    table = accuracy_by_side(configurations(runs))
    sums = {"ce": bands(0) + bands(1), "focal": bands(2)}
    rows = iter(table.to_dict("records"))
    for name in ("ce", "focal"):
        for i, edge in enumerate(("pet", "pet_and_border")):
            for j, side in enumerate(("inside", "outside")):
                for k, ring in enumerate([(0, 1), (1, 2), (2, 4), (4, 8), (8, 16)]):
                    row, (pixels, correct) = next(rows), sums[name][i, j, k]
                    assert (row["configuration"], row["edge"], row["side"]) == (name, edge, side)
                    assert (row["from"], row["to"]) == ring
                    assert (row["pixels"], row["correct"]) == (pixels, correct)
                    expected = correct / pixels if pixels else np.nan
                    assert row["accuracy"] == pytest.approx(expected, nan_ok=True)
    assert next(rows, None) is None


def test_a_configuration_of_which_a_run_has_no_bands_is_left_out(runs):
    """Else its pixels would be of fewer seeds than its other scores."""
    (runs[1].folder / "bands.csv").write_text("band,pixels,correct,accuracy\n1,10,5,0.5\n")
    table = accuracy_by_side(configurations(runs))
    assert set(table["configuration"]) == {"focal"}
    (runs[2].folder / "bands.csv").unlink()
    empty = accuracy_by_side(configurations(runs))
    assert empty.empty
    assert empty.columns.tolist() == table.columns.tolist()
