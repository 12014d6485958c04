"""The tools that people keep curves in: one a row of LOGGERS, each optional.

All stay on this machine alone, but for wandb where the environment says otherwise (WANDB_MODE=online).
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from PIL import Image

PROJECT = "borderline"
MOSAIC = "predictions"


class Log(Protocol):
    """A run's curves in one tool.

    Attributes:
        see: the command that shows them, with those of all runs beside it.
    """

    see: str

    def epoch(self, number: int, scores: dict[str, float], mosaic: "Image.Image") -> None:
        """Keep an epoch's scores, by their names in `epochs.csv`, and the probe's mosaic in the classes' colours."""

    def finish(self) -> None:
        """Write what is not written yet, and let go of all that it holds: the process goes on without it."""


@dataclass(frozen=True)
class Logger:
    """A tool that keeps curves.

    Attributes:
        package: what is to be installed for it, imported under the same name.
        start: its curves of the run in this folder, whose `run.json` says this, begun anew. They lie beside the run, in
            a folder of the tool's name: there it finds all runs, and nobody takes it for one.
    """

    package: str
    start: Callable[[Path, dict], Log]


class _TensorBoard:
    def __init__(self, folder: Path, info: dict) -> None:
        from torch.utils.tensorboard import SummaryWriter

        all_runs = folder.parent / "tensorboard"
        self.see = f"tensorboard --logdir {shlex.quote(str(all_runs))}"
        for before in (all_runs / folder.name).glob("events.out.tfevents.*"):
            before.unlink()
        # a TensorBoard that is open forgets what it has read from this step on
        self._writer = SummaryWriter(str(all_runs / folder.name), purge_step=0)
        options = "\n".join(f"    {name}: {value}" for name, value in info["options"].items())
        self._writer.add_text("options", options, 0)

    def epoch(self, number: int, scores: dict[str, float], mosaic: "Image.Image") -> None:
        import numpy as np

        for name, value in scores.items():
            self._writer.add_scalar(name, value, number)
        self._writer.add_image(MOSAIC, np.asarray(mosaic), number, dataformats="HWC")
        self._writer.flush()

    def finish(self) -> None:
        self._writer.close()


class _Trackio:
    def __init__(self, folder: Path, info: dict) -> None:
        # read when it is imported; who has named a folder has all their curves there
        kept = os.environ.setdefault("TRACKIO_DIR", str((folder.parent / "trackio").absolute()))
        self.see = f"TRACKIO_DIR={shlex.quote(kept)} trackio show --project {PROJECT}"
        self._said: list[str] = []
        self._show_others = warnings.showwarning
        warnings.showwarning = self._note  # type: ignore[assignment]
        try:
            with self._quiet():
                self._begin(folder, Path(kept), info["options"])
        except BaseException:
            with contextlib.suppress(Exception):
                self.finish()
            raise

    def _begin(self, folder: Path, kept: Path, options: dict) -> None:
        import trackio

        self._image, self._end = trackio.Image, trackio.finish
        with contextlib.suppress(ValueError):  # no run is kept there yet
            for run in trackio.Api().runs(PROJECT):
                if run.name == folder.name:
                    run.delete()
        shutil.rmtree(kept / "media" / PROJECT / folder.name, ignore_errors=True)
        with _without("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL"):  # it stays on this machine
            self._run = trackio.init(
                PROJECT, folder.name, config=options, auto_log_gpu=False, auto_log_cpu=False, embed=False
            )

    def epoch(self, number: int, scores: dict[str, float], mosaic: "Image.Image") -> None:
        with self._quiet():
            self._run.log({**scores, MOSAIC: self._image(mosaic)}, step=number)

    def finish(self) -> None:
        try:
            with self._quiet():
                self._end()
        finally:  # not before: it warns while it ends
            warnings.showwarning = self._show_others

    def _note(self, message: Warning | str, category: type[Warning], filename: str, *where: Any) -> None:
        """Of what it cannot keep Trackio only warns, from a thread of its own and again and again."""
        if Path(filename).parent.name == "trackio":
            self._said.append(str(message))
        else:
            self._show_others(message, category, filename, *where)

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Print nothing.

        Raises:
            RuntimeError: it has warned.
        """
        with contextlib.redirect_stdout(io.StringIO()):
            yield
        if self._said:
            raise RuntimeError(self._said[0])


class _Wandb:
    def __init__(self, folder: Path, info: dict) -> None:
        mode = os.environ.setdefault("WANDB_MODE", "offline")
        if mode == "offline":
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        # one that goes on keeps it, one that takes the place of another of its name does not
        number = re.sub(r"[^\w-]", "-", folder.name) + "-" + re.sub(r"\D", "", info["started"][:19])
        all_runs = folder.parent / "wandb"
        self.see = f"wandb sync {shlex.quote(str(all_runs))}/offline-run-*"
        for before in all_runs.glob(f"offline-run-*-{number}"):
            shutil.rmtree(before)
        self._image = wandb.Image
        self._run = wandb.init(
            project=PROJECT,
            dir=str(folder.parent),
            id=number,
            name=folder.name,
            config=info["options"],
            resume="allow" if mode == "online" else None,
            # the curves alone: nothing of this machine, its folders or what is printed
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_meta=True,
                x_disable_stats=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
            ),
        )

    def epoch(self, number: int, scores: dict[str, float], mosaic: "Image.Image") -> None:
        self._run.log({**scores, MOSAIC: self._image(mosaic)}, step=number)

    def finish(self) -> None:
        self._run.finish()


LOGGERS = {
    "tensorboard": Logger("tensorboard", _TensorBoard),
    "trackio": Logger("trackio", _Trackio),
    "wandb": Logger("wandb", _Wandb),
}


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    """These environment variables are not set."""
    kept: dict[str, Any] = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
