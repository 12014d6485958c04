"""Score one checkpoint on the test split: `python -m experiments.evaluate CHECKPOINT`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from experiments.cli.command_line import (
    OneLineParser,
    add_csv_option,
    add_data_option,
    add_device_option,
    choose_device,
    data_remedy,
    markdown_table,
    positive,
    remedies,
    run_command,
    write_csv,
)
from experiments.cli.options import add_option
from experiments.cli.places import own_run_path, run_path
from experiments.cli.program import typed
from experiments.scores import SCORES
from experiments.store.folder import folder_of_weights, weights_path
from experiments.store.recorded_options import used_options
from experiments.store.runs import read_run
from experiments.store.scored.controls import CONTROL_KINDS, Control
from seg import InputError
from seg.labelled.pairs import are_own
from seg.losses import BASELINE, make_loss
from seg.options import FIELDS, PRECISIONS, Options
from seg.pets import TEST, TRAINVAL

if TYPE_CHECKING:
    import torch
    from torch import nn

    from experiments.store.scored.details import Scored
    from experiments.store.scored.photo_scores import Provenance
    from seg.cache import Split


def main(arguments: list[str] | None) -> int:
    """Score the checkpoint and print the scores beside those recorded; 0."""
    options = _parser().parse_args(arguments)
    writes = options.details or options.raw_margins
    given = own_run_path(options.checkpoint) if writes else run_path(options.checkpoint)
    if options.raw_margins:
        return _convert(given)
    path = weights_path(given) if given.is_dir() else given
    _check_details(options, path)
    own = are_own(options.data)
    if options.details and read_run(path.parent).own_photos != own:
        theirs, ours = ("the dataset's", "one's own") if own else ("one's own", "the dataset's")
        raise InputError(f"{path.parent} is of {theirs} photos, {options.data} holds {ours}: pass its own --data")
    # torch and pandas take seconds to import: a wrong option is answered before
    import pandas as pd
    import torch

    from experiments.store.scored.photo_scores import Provenance
    from experiments.training.environment import commit
    from seg.checkpoint import load_checkpoint
    from seg.evaluation import choose_precision

    model, metadata = load_checkpoint(path)
    device = choose_device(options.device)
    precision = choose_precision(device) if options.precision == "auto" else options.precision
    recorded = _recorded_options(path)
    with remedies(lambda error: data_remedy(error, options.data)):
        split, training = _photos(options, recorded)
    model = model.to(device).to(memory_format=torch.channels_last)
    scored = _score(model, split, training, metadata["input_size"], Provenance(precision, commit()), options, device)
    if options.details:
        _keep(path.parent, scored, options)
    scores = scored.evaluation.scores()
    scores["cross_entropy"] = scores.pop("val_loss")

    side = metadata["input_size"]
    print(f"{path}: {metadata['loss']}, epoch {metadata['epoch']}, network at {side} x {side}")
    where = "of the validation split" if own else "of the test split"
    where = "held out of the training split" if recorded["holdout"] else where
    how = "".join(f", {control.in_full}" for control in CONTROL_KINDS.values() if _asked(control, options))
    print(
        f"{len(split):,} photos {where} at {recorded['size']} x {recorded['size']}, {precision} on {device.type}{how}\n"
    )
    print(_table(scores, metadata))
    if options.csv:
        row = {"checkpoint": str(path), "loss": metadata["loss"], "epoch": metadata["epoch"], "photos": len(split)}
        row |= {"precision": precision, "flip": options.flip, "renorm": options.renorm}
        write_csv(options.csv, pd.DataFrame([row | scores]))
    return 0


def _score(
    model: nn.Module,
    split: Split,
    training: Split | None,
    side: int,
    made: Provenance,
    options: argparse.Namespace,
    device: torch.device,
) -> Scored:
    """One pass over the photos, and before it what training photos are needed for."""
    from experiments.store.scored.details import Scored
    from seg.batches import DeviceSplit
    from seg.evaluation import evaluate
    from seg.thresholds.tuning import EVERY, RENORM_PHOTOS, renorm, tune

    common: dict[str, Any] = {"network_size": side, "precision": made.precision}
    if options.renorm and training is not None:
        renorm(model, DeviceSplit.upload(training.sample(RENORM_PHOTOS), device), **common)
    tuning, names = None, []
    if options.details and training is not None:
        names = training.names[::EVERY]
        with tqdm(total=len(names), desc="training photos", unit="img") as progress:
            sample = DeviceSplit.upload(training.every(EVERY), device)
            tuning = tune(model, sample, flip=options.flip, on_batch=progress.update, **common)
    with tqdm(total=len(split), desc="scoring", unit="img") as progress:
        evaluation = evaluate(
            model,
            DeviceSplit.upload(split, device),
            make_loss(Options(loss=BASELINE)),
            flip=options.flip,
            temperature=tuning.temperature if tuning else None,
            on_batch=progress.update,
            **common,
        )
    return Scored(split.names, evaluation, names, tuning, made)


def _keep(folder: Path, scored: Scored, options: argparse.Namespace) -> None:
    """Write what the run's folder, or a control's in it, holds of all photos."""
    from experiments.store.scored.details import write_control, write_details
    from experiments.store.writer import record_scores

    control = next((name for name, control in CONTROL_KINDS.items() if _asked(control, options)), None)
    if control:
        write_control(folder, control, scored)
    else:
        write_details(folder, scored)
        record_scores(folder, scored, options.exclude)


def _asked(control: Control, options: argparse.Namespace) -> bool:
    return (control.flip, control.renorm) == (options.flip, options.renorm)


def _photos(options: argparse.Namespace, recorded: dict[str, Any]) -> tuple[Split, Split | None]:
    """The photos to score, and those that the run was trained on where they are needed."""
    from seg.cache import load_split
    from seg.labelled.pairs import check_listed

    def load(split: str) -> Split:
        width = recorded["border_width"]
        return load_split(options.data, split, recorded["size"], skip_bad=options.skip_bad, border_width=width)

    check_listed(options.data, options.exclude)
    left_out = {*options.exclude, *recorded["exclude"]}
    training = None
    if options.details or options.renorm or recorded["holdout"]:
        training = load(TRAINVAL)
    if recorded["holdout"] and training is not None:
        training, scored = training.holdout()
    else:
        scored = load(TEST)
    if training is not None:
        training = training.sample(recorded["limit"]).without(left_out)
    return scored.sample(options.limit).without(left_out), training


def _convert(folder: Path) -> int:
    from experiments.store.scored.margins import convert_raw_margins

    print(f"{convert_raw_margins(read_run(folder))}: of another pass than images.csv, which it says")
    return 0


def _check_details(options: argparse.Namespace, path: Path) -> None:
    """Before the work begins: `--details` are what a run's folder holds of all its photos."""
    if options.details and options.limit:
        raise InputError("--details are of all photos: leave out --limit")
    if options.details and not ((path.parent / "run.json").is_file() and path == weights_path(path.parent)):
        raise InputError(f"{path} is not a run's model.safetensors, which --details belong to: give a run's folder")


def _table(scores: dict[str, float], metadata: dict) -> str:
    """The scores measured, beside those that the checkpoint's run recorded."""
    recorded = dict(metadata["scores"])
    if metadata["loss"] == BASELINE:  # what the other losses recorded is another quantity
        recorded["cross_entropy"] = recorded.get("val_loss")
    rows = [
        [name, *(SCORES[name].unit.text(value, tight=True) for value in (measured, recorded.get(name)))]
        for name, measured in scores.items()
    ]
    return markdown_table(["score", "measured", "recorded"], rows, words=["score"])


def _recorded_options(checkpoint: Path) -> dict[str, Any]:
    """The options of the checkpoint's run; the defaults where it lies in no run's folder."""
    folder = folder_of_weights(checkpoint)
    if not os.path.lexists(folder / "run.json"):
        return {name: each.default for name, each in FIELDS.items()}
    return used_options(read_run(folder).info)


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("evaluate"),
        description="Score a checkpoint on the photos its run was scored on, the test split as a rule, beside the "
        "scores its run recorded.",
    )
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a run's name or folder, or a .safetensors file; also hf://USER/NAME[/FOLDER]",
    )
    add_data_option(parser)
    add_device_option(parser)
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="(default: fp32)")
    parser.add_argument("--limit", type=positive(int), help="score a fixed sample of this many photos")
    parser.add_argument("--skip-bad", action="store_true", help="leave out pairs that cannot be used")
    left_out = "leave these photos out, beside those that the run left out: a text file of names, one a line"
    add_option(parser, "exclude", default=(), help=left_out)
    parser.add_argument("--flip", action="store_true", help="average each prediction with the mirrored photo's")
    parser.add_argument(
        "--renorm", action="store_true", help="re-estimate BatchNorm's statistics on training photos before scoring"
    )
    parser.add_argument(
        "--details",
        action="store_true",
        help="also write images.csv, bands.csv, calibration.csv and margins.npz beside the checkpoint, as a finished "
        "run has them; with --flip or --renorm images.csv and margins.npz into the run's controls/, to compare with",
    )
    parser.add_argument(
        "--raw-margins",
        action="store_true",
        help="only make a run's margins-raw.npz its margins.npz; needs neither weights nor photos",
    )
    add_csv_option(parser, "the scores, as fractions,")
    return parser


if __name__ == "__main__":
    run_command(main)
