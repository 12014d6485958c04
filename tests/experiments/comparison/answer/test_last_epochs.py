"""The mean of the last epochs is of the photos that each of them was scored on."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.comparison.answer.last_epochs import last_epochs
from experiments.comparison.configurations import configurations
from experiments.store.runs import Run, read_run
from seg.cache import Split

PHOTOS, SAMPLE = 12, 5


def of_a_sample(run: Run, **scores: list[float]) -> Run:
    """The run, as if five of its photos had been scored after each epoch but the last; its last rows' scores given."""
    info = json.loads((run.folder / "run.json").read_text()) | {"validation_sample_photos": SAMPLE}
    (run.folder / "run.json").write_text(json.dumps(info))
    table = pd.read_csv(run.folder / "epochs.csv")
    for name, values in scores.items():
        table.loc[table.index[-len(values) :], name] = values
    table.to_csv(run.folder / "epochs.csv", index=False)
    return read_run(run.folder)


def test_the_last_epoch_is_that_of_the_sample_too(write_run, draw_confusions):
    counts = draw_confusions(1, PHOTOS)[0]
    run = write_run("ce-s0", counts, epochs=4)
    run = of_a_sample(run, border_f1=[0.4, 0.5, 0.99], pixel_accuracy=[0.7, 0.8, 0.99])
    # which photos the sample has: as training takes them
    names = [f"Bengal_{number}" for number in range(PHOTOS)]
    sample = Split(names, np.zeros((PHOTOS, 1)), np.zeros((PHOTOS, 1)), []).sample(SAMPLE).names
    chosen = counts[[names.index(name) for name in sample]].sum(axis=0)
    f1 = 2 * chosen[2, 2] / (chosen[2].sum() + chosen[:, 2].sum())
    row = last_epochs(configurations([run])).set_index("score").loc["border_f1"]
    assert row[["photos", "first_epoch", "last_epoch"]].tolist() == [SAMPLE, 2, 4]
    assert row["last"] == pytest.approx(f1)
    assert row["mean"] == pytest.approx((0.4 + 0.5 + f1) / 3)


def test_runs_whose_last_epochs_are_not_alike_have_no_such_row(write_run, draw_confusions):
    counts = draw_confusions(1, PHOTOS)[0]
    short = write_run("ce-s0", counts, epochs=2)
    growing = write_run("weighted-s0", counts, loss="weighted", epochs=10, progressive=True, size=64)
    without = write_run("focal-s0", counts, loss="focal", epochs=4, exclude=("pug_1",))
    assert last_epochs(configurations([short])).empty  # the untrained model is no epoch
    assert {growing.network_side(epoch) for epoch in (8, 9, 10)} != {64}
    assert last_epochs(configurations([of_a_sample(growing), of_a_sample(without)])).empty


def test_means_are_over_seeds(write_run, draw_confusions):
    counts = draw_confusions(2, PHOTOS)
    runs = [write_run(f"ce-s{seed}", counts[seed], epochs=3, seed=seed) for seed in (0, 1)]
    table = last_epochs(configurations(runs)).set_index("score")
    assert table["seeds"].tolist() == [2, 2]
    assert table.loc["border_f1", "last"] == pytest.approx(0.5)
