"""The networks that a measurement predicts with: the weights of a folder's runs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from experiments.store.runs import Run, find_runs
from experiments.store.scored.photo_scores import Provenance
from seg import InputError
from seg.checkpoint import load_checkpoint
from seg.evaluation import predict_logits

BATCH = 32


@dataclass(frozen=True)
class Networks:
    """Runs that have weights, at least one, and how forward passes of them are made."""

    runs: list[Run]
    device: torch.device
    made: Provenance

    @torch.no_grad()
    def logits(self, run: Run, photos: np.ndarray) -> Tensor:
        """A run's logits (N, 3, S, S) float32 on the CPU, of uint8 photos (N, 3, S, S).

        Raises:
            BadCheckpoint: its weights cannot be read.
        """
        assert run.checkpoint is not None, "a run without weights"
        model, metadata = load_checkpoint(run.checkpoint)
        model = model.to(self.device).to(memory_format=torch.channels_last)
        batches = []
        with tqdm(total=len(photos), desc=run.name, unit="img") as progress:
            for start in range(0, len(photos), BATCH):
                batch = torch.from_numpy(photos[start : start + BATCH]).to(self.device)
                batches.append(predict_logits(model, batch, metadata["input_size"], self.made.precision).cpu())
                progress.update(len(batch))
        return torch.cat(batches)


def runs_with_weights(folder: Path) -> list[Run]:
    """The runs of a folder that have weights.

    Raises:
        InputError: there is none, or a run cannot be read.
    """
    runs, broken = find_runs([folder])
    if broken:
        raise InputError(broken[0])
    runs = [run for run in runs if run.checkpoint]
    if not runs:
        raise InputError(f"{folder} has no run with weights: pass --runs DIR")
    return runs
