"""The project's speed on this machine: `python -m experiments.benchmark`. Random photos, no dataset."""

import statistics

from tqdm import tqdm

from experiments.cli.command_line import (
    OneLineParser,
    add_device_option,
    choose_device,
    markdown_table,
    positive,
    run_command,
)
from experiments.cli.program import typed

# functions of `experiments.benchmarks.timings`
BENCHMARKS = ("training", "scoring", "inference", "pooling", "bootstrap")


def main(arguments: list[str] | None) -> int:
    """Time what was asked for and print a table; 0."""
    options = _parser().parse_args(arguments)
    # torch takes seconds to import: a wrong option is answered before
    import torch

    from experiments.benchmarks import timings
    from seg.evaluation import choose_precision

    device = choose_device(options.device)
    precision = choose_precision(device)
    steps = options.steps or (5 if device.type == "cpu" else 50)
    chosen = [options.only] if options.only else BENCHMARKS
    measured = []
    for name in chosen:
        with tqdm(desc=name, unit="call", leave=False) as progress:
            measured += getattr(timings, name)(timings.Stopwatch(device, precision, steps, progress))
    print(f"{device}, {precision}, torch {torch.__version__}, {torch.get_num_threads()} threads, {steps} steps each\n")
    rows = [
        [m.name, m.unit, *(f"{value:.2f}" for value in (statistics.median(m.values), min(m.values), max(m.values)))]
        for m in measured
    ]
    print(markdown_table(["measured", "unit", "median", "min", "max"], rows, words=["measured", "unit"]))
    return 0


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("benchmark"),
        description="Measure how fast this machine trains, scores, segments and compares, on random numbers.",
    )
    add_device_option(parser)
    parser.add_argument(
        "--steps", type=positive(int), help="calls to time of each, after one more (default: 5 on a CPU, else 50)"
    )
    parser.add_argument("--only", choices=BENCHMARKS, help="measure this alone")
    return parser


if __name__ == "__main__":
    run_command(main)
