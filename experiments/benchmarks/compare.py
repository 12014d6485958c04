"""Runs read and compared, and photos scored in detail: how `experiments.benchmark compare` measures it."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks import scored
from experiments.benchmarks.side_by_side import NotMeasured, Peer, Row, Setting, at_most
from experiments.cli.command_line import RESULTS
from experiments.comparison import bootstrap
from experiments.comparison.analysis import Analysis, analyse
from experiments.store.csv_table import write_table
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.run_reader import RunReader
from experiments.store.runs import find_runs
from experiments.store.scored.names import DETAILS

RUNS, EPOCHS = 200, 100
# whose scores of single photos are compared, as the app does where nobody has chosen
COMPARED = ("ce-s0", "weighted-s1", "focal-s2")


def rows(setting: Setting) -> Iterator[Row | NotMeasured]:
    """Many runs, three of them compared; then photos scored in detail."""
    folder = setting.folder / "runs"
    write_runs(folder, RUNS, EPOCHS)
    reader = RunReader()
    peer = Peer(
        "pandas reading all anew", lambda: read_with_pandas(folder), "json, read_csv, np.load; it compares nothing"
    )
    path = f"{RUNS} runs x {EPOCHS} epochs"
    yield Row(f"{path}, three compared, first", "s", lambda: compared_anew(folder), peer, at_most("s", 1))
    yield Row(f"{path}, looked at again", "ms", lambda: find_runs([folder], reader), peer, at_most("ms", 100))
    yield from scored.rows(setting)


def pandas_peer(folder: Path) -> Peer:
    """`read_with_pandas` of these runs."""
    settings = "json, read_csv and np.load, as they come; it checks nothing, and compares nothing"
    return Peer("pandas reading all anew", lambda: read_with_pandas(folder), settings)


def write_runs(folder: Path, runs: int, epochs: int) -> None:
    """Runs as they are shipped, of other seeds and of so many drawn epochs; a loss each of COMPARED first."""
    random, losses = np.random.default_rng(0), [name.partition("-")[0] for name in COMPARED]
    for seed in range(runs):
        shipped = RESULTS / f"{losses[seed % 3]}-s{seed // 3 % 3}"
        made = folder / f"{losses[seed % 3]}-s{seed}"
        made.mkdir(parents=True)
        info = json.loads((shipped / "run.json").read_text(encoding="utf-8"))
        info["options"] |= {"seed": seed, "epochs": epochs, "size": 128}
        (made / "run.json").write_text(json.dumps(info, indent=2), encoding="utf-8")
        scores = random.uniform(0.1, 0.9, (epochs + 1, len(EPOCH_COLUMNS) - 1)).tolist()
        write_table(made / "epochs.csv", EPOCH_COLUMNS, [[epoch, *row] for epoch, row in enumerate(scores)])
        for name in DETAILS:
            (made / name).symlink_to((shipped / name).resolve())


def compared_anew(folder: Path) -> Analysis:
    """What the core finds out of runs that it has never seen: all of them read, three compared with intervals."""
    bootstrap.forget_draws()
    runs, _ = find_runs([folder])
    return analyse([run for run in runs if run.name in COMPARED])


def read_with_pandas(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The epochs of all runs, and `images.csv` of those compared, by run; their other files are read as well."""
    epochs, images = {}, {}
    for path in sorted(folder.iterdir()):
        json.loads((path / "run.json").read_text(encoding="utf-8"))
        epochs[path.name] = pd.read_csv(path / "epochs.csv")
    for name in COMPARED:
        images[name] = pd.read_csv(folder / name / "images.csv", index_col="name")
        for table in ("bands.csv", "calibration.csv"):
            pd.read_csv(folder / name / table)
        with np.load(folder / name / "margins.npz") as arrays:
            dict(arrays)
    return epochs, images
