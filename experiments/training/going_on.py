"""What has to hold before a run goes on: its record is there, its log fits its state, its photos are the same.

Nothing here imports torch.
"""

import json
import sys
from pathlib import Path

from safetensors import SafetensorError, safe_open

from experiments.store.files import write_json
from experiments.store.folder import RECORD, state_path
from experiments.store.reading.files import MOST_RECORD_BYTES, read_ordinary
from experiments.store.runs import Run, read_run
from seg import InputError


class OtherPhotos(InputError):
    """A run was begun with other photos than it is to go on with."""


class ChangedPhotos(InputError):
    """The photos that a run was begun with, or their labels, are no longer what they were."""


class LogTooShort(InputError):
    """A run's log lacks epochs that its state has finished."""


def rebuild_record(folder: Path) -> None:
    """Write a run's `run.json` again from its training state, where it is lost or empty; say so."""
    path = folder / "run.json"
    try:
        lost = not read_ordinary(path, MOST_RECORD_BYTES).strip(b"\0 \r\n")  # a power cut leaves zeros
    except FileNotFoundError:
        lost = True
    except OSError:
        return
    if not (lost and state_path(folder).is_file()):
        return
    try:
        with safe_open(state_path(folder), framework="numpy") as file:
            record = json.loads((file.metadata() or {})[RECORD])
    except (OSError, SafetensorError, KeyError, ValueError):
        return  # there is no such state: whoever reads the run says what is wrong with it
    write_json(path, record)
    print(f"note: {path} was lost: it is written again as {state_path(folder).name} tells it", file=sys.stderr)


def check_log(folder: Path, finished: int) -> None:
    """Hold a run's log against its state: say where it tells of more, which is trained again.

    Args:
        finished: the last epoch that the state has finished; -1 where there is no state.

    Raises:
        LogTooShort: it tells of less.
        BadRun: it cannot be read.
    """
    logged = read_run(folder).epochs["epoch"].tolist()
    missing = [epoch for epoch in range(finished + 1) if epoch not in logged]
    if missing:
        epochs = f"epoch {missing[0]}" if len(missing) == 1 else f"{len(missing)} epochs, the first {missing[0]},"
        raise LogTooShort(f"{folder / 'epochs.csv'} lacks {epochs} of the {finished} that the run has finished")
    last = max(logged, default=-1)
    if finished < 0 and last > 0:
        print(f"note: {folder} has no {state_path(folder).name}: it starts over from epoch 1", file=sys.stderr)
    elif last > finished + 1:  # a process that is killed has logged one before it keeps its state
        print(
            f"note: {folder} has the state of epoch {finished}, its log goes on to {last}: it goes on from "
            f"{finished + 1}",
            file=sys.stderr,
        )


def check_photos(run: Run, now: dict[str, dict[str, str]]) -> None:
    """Hold the photos that a run is to go on with against those that it was begun with.

    Other pixels of photos that another decoder read may be the same photos: that is said, and no more.

    Args:
        now: their fingerprints, as `experiments.training.data.fingerprints` has them.

    Raises:
        OtherPhotos: they are others.
        ChangedPhotos: they have the same names and other pixels, or other labels.
    """
    then = run.info.get("photos")
    if not isinstance(then, dict) or not all(isinstance(then.get(part), dict) for part in now):
        print(
            f"note: {run.folder} does not say which photos it was begun with: whether these are the same is not known",
            file=sys.stderr,
        )
        return
    for part, told in now.items():
        if told["names"] != then[part].get("names"):
            raise OtherPhotos(f"{run.folder} was begun with other {part} photos")
    for part, told in now.items():
        for kind, words in (("pixels", f"{part} photos"), ("labels", f"labels of the {part} photos")):
            if told[kind] == then[part].get(kind):
                continue
            decoder = then[part].get("decoder")
            if kind == "pixels" and isinstance(decoder, str) and decoder != told["decoder"]:
                print(
                    f"note: the {words} are not to the last pixel those that {run.folder} was begun with: another "
                    "version of Pillow, or another machine, has read them",
                    file=sys.stderr,
                )
            else:
                raise ChangedPhotos(f"the {words} are no longer those that {run.folder} was begun with")
