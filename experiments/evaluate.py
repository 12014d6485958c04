"""Score one checkpoint on the test split: `python -m experiments.evaluate CHECKPOINT`."""

import csv
from pathlib import Path

from tqdm import tqdm

from experiments.command_line import OneLineParser, add_data_option, choose_device, positive, run_command
from seg import InputError
from seg.checkpoint import load_checkpoint
from seg.data import DeviceSplit, load_split
from seg.evaluation import choose_precision, evaluate
from seg.losses import make_loss

# Photos are scored at the size the runs train at, even if the network still runs at a smaller one
PHOTO_SIZE = 128


def main(arguments: list[str] | None) -> int:
    parser = OneLineParser(
        prog="python -m experiments.evaluate",
        description="Score a checkpoint on the test split, beside the scores its run recorded.",
    )
    parser.add_argument("checkpoint", type=Path, help="a .safetensors file, or a run's folder")
    add_data_option(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="fp32", help="(default: fp32)")
    parser.add_argument("--limit", type=positive(int), help="score a fixed sample of this many photos")
    parser.add_argument("--skip-bad", action="store_true", help="leave out pairs that cannot be used")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write the scores to this file")
    options = parser.parse_args(arguments)

    path = options.checkpoint
    if path.is_dir():
        path = path / "model.safetensors"
    model, metadata = load_checkpoint(path)
    device = choose_device(options.device)
    precision = choose_precision(device) if options.precision == "auto" else options.precision
    network_size = metadata["input_size"]
    size = max(PHOTO_SIZE, network_size)
    split = load_split(options.data, "test", size, skip_bad=options.skip_bad).sample(options.limit)
    photos = DeviceSplit.upload(split, device)
    with tqdm(total=len(split), desc="scoring", unit="img") as progress:
        evaluation = evaluate(
            model.to(device),
            photos,
            make_loss("ce"),
            network_size=network_size,
            precision=precision,
            on_batch=progress.update,
        )
    scores = evaluation.scores()
    scores["cross_entropy"] = scores.pop("val_loss")

    print(f"{path}: {metadata['loss']}, epoch {metadata['epoch']}, network at {network_size} x {network_size}")
    print(f"{len(split):,} photos of the test split at {size} x {size}, {precision} on {device.type}\n")
    print(f"{'':17} {'measured':>9} {'recorded':>9}")
    for name, value in scores.items():
        recorded = metadata["scores"].get(name)
        print(f"{name:17} {_cell(name, value)} {_cell(name, recorded)}")
    if options.csv:
        _write(options.csv, {"checkpoint": str(path), "photos": len(split), "precision": precision, **scores})
    return 0


def _cell(name: str, value: float | None) -> str:
    if value is None or value != value:
        return f"{'–':>9}"
    return f"{value:9.4f}" if name == "cross_entropy" else f"{value:9.2%}"


def _write(path: Path, row: dict) -> None:
    try:
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, row)
            writer.writeheader()
            writer.writerow(row)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): pass another --csv FILE") from error


if __name__ == "__main__":
    run_command(main)
