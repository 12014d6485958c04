"""Check a folder of photos and labels, and name all that is wrong with it: `python -m experiments.check --data DIR`."""

from tqdm import tqdm

from experiments.cli.command_line import OneLineParser, add_data_option, data_remedy, remedies, run_command
from experiments.cli.options import add_option
from experiments.cli.program import typed
from seg.labelled.masks import BORDER_WIDTH
from seg.labelled.pairs import are_own


def main(arguments: list[str] | None) -> int:
    """Print a line for each thing that is wrong; 0 where that is nothing, else 1."""
    options = _parser().parse_args(arguments)
    from seg.labelled.checking import listed_pairs, wrong_pairs

    with remedies(lambda error: None if are_own(options.data) else data_remedy(error, options.data)):
        pairs, wrong = listed_pairs(options.data, options.border_width)
    for line in wrong:
        print(line)
    found = len(wrong)
    with tqdm(total=len(pairs), desc="checking", unit="photo") as progress:
        for line in wrong_pairs(pairs, progress.update):
            progress.write(line)
            found += 1
    things = "nothing is" if found == 0 else "1 thing is" if found == 1 else f"{found:,} things are"
    print(f"{options.data}: {len(pairs):,} photos, {things} wrong")
    return int(found > 0)


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("check"),
        description="Name all that is wrong with a dataset at once: photos and labels that cannot be used, names that "
        "do not match, a split that cannot be read. Status 1 where there is anything.",
    )
    add_data_option(parser)
    add_option(parser, "border_width", default=BORDER_WIDTH)
    return parser


if __name__ == "__main__":
    run_command(main)
