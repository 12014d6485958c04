"""The one writer of a run's files. Hold the folder (`experiments.store.folder.hold`) while a run is written."""

import csv
import json
import math
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from experiments.store.csv_table import cell, read_rows, write_table
from experiments.store.epochs import EPOCH_COLUMNS
from experiments.store.files import abandoned, flush_folder, in_words, refusals_passed_over, replacing, write_json
from experiments.store.folder import (
    RECORD,
    epoch_weights_path,
    leave_nothing,
    mosaics,
    state_path,
    weights_path,
)
from experiments.store.probe import mosaic_path
from experiments.store.recorded_options import recorded
from experiments.store.runs import FORMAT, read_info, read_run
from experiments.store.scored.details import Scored, write_details
from experiments.store.scored.names import delete_details
from seg.checkpoint import save_checkpoint
from seg.options import Options
from seg.training import EpochResult
from seg.training.state import TrainingState


class RunWriter:
    """Writes what a run leaves behind, in an order in which a process killed in between loses at most an epoch.

    `epoch` writes the training state last: without it the epoch is done again, and its files are written again. The
    last epoch's state is never written, so that a run killed before `finished` has ended repeats that epoch.
    """

    def __init__(self, folder: Path, options: Options, info: dict) -> None:
        self.folder = folder
        self._options = options
        self._info = info | {"options": recorded(options)}

    @classmethod
    def begin(cls, folder: Path, options: Options, described: dict, layout: dict) -> "RunWriter":
        """The writer of a new run, in the folder that `create_folder` made.

        Args:
            described: what `run.json` is to say of the run beside its options: its `environment`, and what else is
                known before the first epoch.
            layout: of the probe's mosaics.
        """
        return cls(folder, options, described)._under_way(_now(), layout)

    @classmethod
    def resume(cls, folder: Path, options: Options, described: dict, layout: dict, *, after: int) -> "RunWriter":
        """The writer of a run that goes on; its details and what it left of later epochs are deleted.

        `run.json` keeps what it says of the run's beginning, `started` and `environment`. This resumption is added to
        its list `resumed`: `at`, the `epoch` with which the run goes on, and the `environment` it does so in. A run
        that starts over begins here: nothing of what was before is left, in its record neither.

        Args:
            after: the last epoch that the training state has finished; -1 where there is no state and the run starts
                over.

        Raises:
            BadRun: `run.json` or `epochs.csv` is damaged.
        """
        info = read_run(folder).info
        _keep_epochs_until(folder, after)
        if after < 0:
            return cls.begin(folder, options, described, layout)
        environment = described["environment"]
        resumed = [*info.get("resumed", []), {"at": _now(), "epoch": after + 1, "environment": environment}]
        # a record that does not say where the run was begun goes on not saying it
        info |= {name: value for name, value in described.items() if name != "environment"} | {"resumed": resumed}
        for name in ("error", "diverged"):
            info.pop(name, None)
        return cls(folder, options, info)._under_way(info.get("started") or _now(), layout)

    def epoch(self, result: EpochResult, mosaic: Image.Image, state: TrainingState, *, input_size: int) -> None:
        """Write all that an epoch leaves behind.

        Args:
            mosaic: of the probe, after this epoch.
            state: as it is after this epoch.
            input_size: side in pixels at which the network was trained in this epoch.
        """
        options, number = self._options, result.epoch
        _append_epoch(self.folder, result)
        with replacing(mosaic_path(self.folder, number)) as temporary:
            mosaic.save(temporary, format="PNG", optimize=True)
        scores = _defined(result.evaluation.scores())
        if number > 0:
            paths = [weights_path(self.folder)]
            if options.keep_epochs:
                paths.append(epoch_weights_path(self.folder, number))
                paths[-1].parent.mkdir(exist_ok=True)
            for path in paths:
                with replacing(path) as temporary:
                    save_checkpoint(
                        temporary,
                        state.scored_model,
                        network=options.network,
                        loss=options.loss,
                        epoch=number,
                        input_size=input_size,
                        scores=scores,
                    )
        self._write_info(scores=scores)
        if 0 < number < options.epochs:
            self._save(state)

    def interrupted(self, state: TrainingState | None) -> None:
        """Say so, and keep the state where it is in order: without it the epoch under way is done again.

        Raises:
            OSError: the state, or that, cannot be written; what was kept before is as it was.
        """
        if state is not None:
            self._save(state)
        self._write_info(status="interrupted", ended=_now())

    def failed(self, error: str, **more: object) -> None:
        """Say so where the disk has room for it; a run of which nothing could be written leaves no folder.

        Args:
            more: what `run.json` is to say beside it.
        """
        try:
            self._write_info(status="failed", ended=_now(), error=error, **more)
        except OSError:
            if (self.folder / "run.json").exists():
                _fail_in_place(self.folder / "run.json")
            elif not state_path(self.folder).exists():  # else its record is lost alone, and can be written again
                leave_nothing(self.folder)

    def finished(self, scored: Scored) -> None:
        """Write what is known of single photos after the last epoch, and that the run is finished."""
        write_details(self.folder, scored)
        self._write_info(status="finished", ended=_now())
        state_path(self.folder).unlink(missing_ok=True)

    def _under_way(self, started: str, layout: dict) -> "RunWriter":
        # the first keys first, for those who open the file
        first = {"format": FORMAT, "options": self._info["options"], "status": "running", "started": started}
        first |= {"ended": None}
        self._info = first | self._info | first
        try:
            self._write_info(scores=None)
            write_json(self.folder / "predictions" / "probe.json", layout)
        except OSError as error:
            self.failed(in_words(error, self.folder))
            raise
        return self

    def _save(self, state: TrainingState) -> None:
        with replacing(state_path(self.folder)) as temporary:
            # a run whose `run.json` is lost is the same run
            state.save(temporary, {RECORD: json.dumps(self._info)})

    def _write_info(self, **changes: object) -> None:
        self._info |= changes
        write_json(self.folder / "run.json", self._info)


def record_scores(folder: Path, scored: Scored, left_out: Sequence[str] = ()) -> None:
    """Let `run.json` say what a later pass over the kept weights found, as `images.csv` does, and how it was made.

    Args:
        left_out: photos that this pass left out, beside those that the run did.
    """
    info = read_info(folder)
    precision, commit = scored.made.cells
    before: dict[str, float] = (
        info.get("scores") or {}
    )  # None of a run that was stopped in the epoch after it was resumed
    info |= {"scores": _defined(scored.evaluation.scores() | {"val_loss": before.get("val_loss", math.nan)})}
    made = {"at": _now(), "precision": precision, "commit": commit, "exclude": list(left_out)}
    write_json(folder / "run.json", info | {"scored": made})


def _append_epoch(folder: Path, result: EpochResult) -> None:
    """Add the epoch's row to `epochs.csv`, under the columns that the file has, and flush it to the disk."""
    row = {
        "epoch": result.epoch,
        "seconds": result.seconds,
        "images_per_second": result.images_per_second,
        "learning_rate": result.learning_rate,
        "train_loss": result.train_loss,
        **result.evaluation.scores(),
    }
    path = folder / "epochs.csv"
    columns: Sequence[str] = read_rows(path, path.read_bytes())[0] if path.exists() else ()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if not columns:
            columns = EPOCH_COLUMNS
            writer.writerow(columns)
        writer.writerow([cell(row.get(column, "")) for column in columns])
        file.flush()
        with refusals_passed_over():
            os.fsync(file.fileno())
    flush_folder(folder)


def _keep_epochs_until(folder: Path, last: int) -> None:
    """Drop the rows and mosaics of epochs after this one, what was scored in detail, and what a kill left half."""
    for path in abandoned(folder):
        path.unlink(missing_ok=True)
    delete_details(folder)
    path = folder / "epochs.csv"
    if path.exists():
        content = path.read_bytes()
        columns, rows = read_rows(path, content[: content.rfind(b"\n") + 1])
        if columns:
            epoch = columns.index("epoch")
            write_table(path, columns, [cells for cells in rows.values() if float(cells[epoch]) <= last])
        else:
            path.unlink()
    for epoch, path in mosaics(folder).items():
        if epoch > last:
            path.unlink()


def _fail_in_place(path: Path) -> None:
    """Where there is no room for another file: the status alone, in as many bytes as it had."""
    running, failed = b'"status": "running"', b'"status": "failed" '
    with suppress(OSError), open(path, "r+b") as file:
        place = file.read().find(running)
        if place >= 0:
            file.seek(place)
            file.write(failed)


def _defined(scores: dict[str, float]) -> dict[str, float | None]:
    """Scores for JSON, which has no NaN."""
    return {name: None if score != score else score for name, score in scores.items()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
