"""Score one checkpoint on the test split: `python -m experiments.evaluate CHECKPOINT`."""

import argparse
from pathlib import Path

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
from experiments.scores import SCORES
from experiments.store.folder import folder_of_weights, weights_path
from experiments.store.recorded_options import used_options
from seg import InputError
from seg.losses import BASELINE, make_loss
from seg.options import PRECISIONS, Options
from seg.pets import TEST, TRAINVAL


def main(arguments: list[str] | None) -> int:
    """Score the checkpoint and print the scores beside those recorded; 0."""
    options = _parser().parse_args(arguments)
    path = weights_path(options.checkpoint) if options.checkpoint.is_dir() else options.checkpoint
    _check_details(options, path)
    # torch and pandas take seconds to import: a wrong option is answered before
    import pandas as pd
    import torch

    from experiments.store.photo_scores import write_details
    from seg.batches import DeviceSplit
    from seg.cache import load_split
    from seg.checkpoint import load_checkpoint
    from seg.evaluation import choose_precision, evaluate

    model, metadata = load_checkpoint(path)
    device = choose_device(options.device)
    precision = choose_precision(device) if options.precision == "auto" else options.precision
    size, held_out = _scored_on(path)
    with remedies(lambda error: data_remedy(error, options.data)):
        split = load_split(options.data, TRAINVAL if held_out else TEST, size, skip_bad=options.skip_bad)
    split = (split.holdout()[1] if held_out else split).sample(options.limit)
    with tqdm(total=len(split), desc="scoring", unit="img") as progress:
        evaluation = evaluate(
            model.to(device).to(memory_format=torch.channels_last),
            DeviceSplit.upload(split, device),
            make_loss(Options(loss=BASELINE)),
            network_size=metadata["input_size"],
            precision=precision,
            flip=options.flip,
            detailed=options.details,
            on_batch=progress.update,
        )
    if options.details:
        write_details(path.parent, split.names, evaluation)
    scores = evaluation.scores()
    scores["cross_entropy"] = scores.pop("val_loss")

    side = metadata["input_size"]
    print(f"{path}: {metadata['loss']}, epoch {metadata['epoch']}, network at {side} x {side}")
    mirrored = ", each averaged with its mirror image" if options.flip else ""
    where = "held out of the training split" if held_out else "of the test split"
    print(f"{len(split):,} photos {where} at {size} x {size}, {precision} on {device.type}{mirrored}\n")
    print(_table(scores, metadata))
    if options.csv:
        row = {"checkpoint": str(path), "loss": metadata["loss"], "epoch": metadata["epoch"], "photos": len(split)}
        write_csv(options.csv, pd.DataFrame([row | {"precision": precision, "flip": options.flip} | scores]))
    return 0


def _check_details(options: argparse.Namespace, path: Path) -> None:
    """Before the work begins: `--details` are what a run's folder holds of all its photos."""
    if options.details and (options.limit or options.flip):
        raise InputError("--details are of all photos, as they are: leave out --limit and --flip")
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


def _scored_on(checkpoint: Path) -> tuple[int, bool]:
    """Side in pixels of the photos the checkpoint's run is scored on, and whether they are held out of training."""
    folder = folder_of_weights(checkpoint)
    if not (folder / "run.json").is_file():
        return Options.size, False
    from experiments.store.runs import read_run  # as above

    options = used_options(read_run(folder).info)
    return options["size"], options["holdout"]


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="python -m experiments.evaluate",
        description="Score a checkpoint on the photos its run was scored on, the test split as a rule, beside the "
        "scores its run recorded.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a .safetensors file, or a run's folder")
    add_data_option(parser)
    add_device_option(parser)
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="(default: fp32)")
    parser.add_argument("--limit", type=positive(int), help="score a fixed sample of this many photos")
    parser.add_argument("--skip-bad", action="store_true", help="leave out pairs that cannot be used")
    parser.add_argument("--flip", action="store_true", help="average each prediction with the mirrored photo's")
    parser.add_argument(
        "--details",
        action="store_true",
        help="also write images.csv, bands.csv and calibration.csv beside the checkpoint, as a finished run has them",
    )
    add_csv_option(parser, "the scores, as fractions,")
    return parser


if __name__ == "__main__":
    run_command(main)
