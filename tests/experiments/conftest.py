"""Run a command as a person does, without a new process for each; runs that nobody trained."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from experiments.cli.command_line import run_command
from experiments.cli.options import resolve
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.recorded_options import recorded
from experiments.store.runs import Run, read_run
from experiments.store.scored.details import Scored, write_control, write_details
from experiments.store.scored.photo_scores import Provenance
from seg.evaluation import Details, Evaluation
from seg.metrics import BANDS, CALIBRATION_BINS
from seg.thresholds.margins import BINS, KINDS
from seg.thresholds.tuning import Tuning


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> list[str]:
        """The lines on stderr, without progress bars, which appear on a busy machine only, and what goes with them."""
        passing = ("it/s", "| ", "decoded photos are kept in ")
        return [line for line in self.err.splitlines() if line.strip() and not any(part in line for part in passing)]

    @property
    def error(self) -> str:
        """The only line on stderr, progress bars aside."""
        assert len(self.told) == 1, self.err
        return self.told[0]


@pytest.fixture
def command(capsys) -> Callable[..., Ended]:
    """`command(module, *options)` does what `python -m module *options` does, in this process."""

    def run(module: ModuleType, *options: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run_command(lambda _: module.main([str(option) for option in options]))
        printed = capsys.readouterr()
        return Ended(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def draw_confusions() -> Callable[..., np.ndarray]:
    """`draw_confusions(runs, photos, seed=0)`: counts (R, N, 3, 3) of runs that differ, on the same trimaps."""

    def draw(runs: int, photos: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        truth = rng.integers(20, 400, (photos, 3))
        shares = rng.dirichlet((3, 2, 1), (runs, photos, 3))
        return rng.multinomial(truth, shares)

    return draw


def counts_beside(histograms: np.ndarray, seed: int = 0) -> np.ndarray:
    """Confusion counts (N, 3, 3) of photos that have as many pixels, and as much border, as histograms (N, 3, 122)."""
    rng, counts = np.random.default_rng(seed), np.zeros((len(histograms), 3, 3), dtype=np.int64)
    counts[:, 2] = rng.multinomial(histograms[:, 0].sum(axis=1), [0.3, 0.1, 0.6])
    others = rng.multinomial(histograms[:, 1:].sum(axis=(1, 2)), [0.3, 0.05, 0.1, 0.05, 0.4, 0.1])
    counts[:, :2] = others.reshape(-1, 2, 3)
    return counts


def argmax_margins(confusions: np.ndarray) -> np.ndarray:
    """Histograms (N, 3, 122) whose argmax has these counts: every margin is a little above 0, or a little below."""
    histograms = np.zeros((len(confusions), KINDS, BINS), dtype=np.int64)
    above, below = BINS // 2 + 3, BINS // 2 - 4
    histograms[:, 0, above], histograms[:, 0, below] = confusions[:, 2, 2], confusions[:, 2, :2].sum(axis=1)
    histograms[:, 1, above] = confusions[:, :2, 2].sum(axis=1)
    histograms[:, 1, below] = confusions[:, 0, 0] + confusions[:, 1, 1]
    histograms[:, 2, below] = confusions[:, 0, 1] + confusions[:, 1, 0]
    return histograms


def made_up(
    confusions: np.ndarray,
    names: Sequence[str],
    *,
    cross_entropy: Sequence[float] | None = None,
    label_quality: Sequence[float] | None = None,
    bands: np.ndarray | None = None,
    calibration: torch.Tensor | None = None,
    margins: np.ndarray | None = None,
    tuning: np.ndarray | None = None,
) -> Scored:
    """What a pass found that nobody made: what is not given is drawn up from nothing but the confusion counts."""
    one = torch.ones(len(confusions), dtype=torch.float64)
    if bands is None:
        bands = np.array([[100 * band, 60 * band + 10] for band in BANDS] * 4).reshape(2, 2, len(BANDS), 2)
    if calibration is None:
        calibration = torch.zeros(2, 2, CALIBRATION_BINS, 3, dtype=torch.float64)
        calibration[:, :, -1] = torch.tensor([4.0, 3.9, 3.0])
    margins = argmax_margins(confusions) if margins is None else margins
    details = Details(
        boundary_iou_with_border=0.375 * one,
        label_quality=0.125 * one if label_quality is None else torch.tensor(label_quality, dtype=torch.float64),
        border_matches=torch.from_numpy(confusions[:, 2, 2])[:, None, None].expand(-1, 2, 2),
        margins=torch.from_numpy(margins),
        bands=torch.from_numpy(bands),
        temperature=1.5,
        calibration=calibration,
    )
    evaluation = Evaluation(
        loss=0.5,
        confusions=torch.from_numpy(confusions),
        cross_entropy=one if cross_entropy is None else torch.tensor(cross_entropy, dtype=torch.float64),
        custom_iou=0.5 * one,
        boundary_iou=0.25 * one,
        details=details,
    )
    tuning = margins if tuning is None else tuning
    training = [f"pug_{number}" for number in range(len(tuning))]
    return Scored(names, evaluation, training, Tuning(torch.from_numpy(tuning), 1.5), Provenance("fp32", "0" * 40))


@pytest.fixture
def write_run(tmp_path) -> Callable[..., Run]:
    """`write_run("ce-s1", confusions, loss="ce", seed=1)` writes a run with details of those photos and reads it.

    `controls` are other confusion counts by the control's name. What `made_up` takes may be given; options that are not
    given have their defaults.
    """

    def write(
        name: str,
        confusions: np.ndarray,
        *,
        photos: Sequence[str] | None = None,
        controls: Mapping[str, np.ndarray] = MappingProxyType({}),
        trained: int | None = None,
        parent: Path = tmp_path / "runs",
        **options: Any,
    ) -> Run:
        scored = {name: options.pop(name) for name in list(options) if name in signature(made_up).parameters}
        options = resolve({"loss": "ce", "epochs": 2} | options)
        trained = options.epochs if trained is None else trained
        folder = parent / name
        folder.mkdir(parents=True)
        info = {
            "options": recorded(options),
            "status": "finished" if trained == options.epochs else "interrupted",
            "validation_photos": len(confusions),
            "validation_sample_photos": len(confusions),
        }
        (folder / "run.json").write_text(json.dumps(info))
        epochs = pd.DataFrame(0.5, index=range(trained + 1), columns=list(EPOCH_COLUMNS))
        epochs.assign(epoch=range(trained + 1)).to_csv(folder / "epochs.csv", index=False)
        names = [f"Bengal_{number}" for number in range(len(confusions))] if photos is None else list(photos)
        write_details(folder, made_up(confusions, names, **scored))
        for control, counts in controls.items():
            write_control(folder, control, made_up(counts, names))
        return read_run(folder)

    return write


@pytest.fixture
def finished_runs(tiny_runs, tmp_path) -> Callable[..., Path]:
    """`finished_runs(("focal", 0, 3), ...)` is a folder of finished runs of that loss, seed and number of epochs."""

    def make(*chosen: tuple[str, int, int], planned: int | None = None) -> Path:
        folder = tmp_path / "runs"
        for loss, seed, epochs in chosen:
            run = shutil.copytree(tiny_runs / "ce-s0", folder / f"{loss}-s{seed}")
            info = json.loads((run / "run.json").read_text())
            info["options"] |= {"loss": loss, "seed": seed, "epochs": planned or epochs}
            info["options"]["class_weights"] = "median" if loss == "weighted" else "none"
            (run / "run.json").write_text(json.dumps(info))
            table = pd.read_csv(run / "epochs.csv")
            table = pd.concat([table, *[table.tail(1)] * epochs], ignore_index=True).head(epochs + 1)
            table.assign(epoch=range(epochs + 1)).to_csv(run / "epochs.csv", index=False)
        return folder

    return make
