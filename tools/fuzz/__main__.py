"""Attack the project with damaged photos, run folders and requests: `python -m tools.fuzz --minutes 15`."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from experiments import run, synthetic
from experiments.cli.command_line import OneLineParser, number, positive, run_command
from tools.fuzz.kinds import KINDS
from tools.fuzz.trying import Tried, keep_trying, try_one


def main(arguments: list[str] | None) -> int:
    """Print what held and what did not; 1 where something did not."""
    parser = OneLineParser(
        prog="python -m tools.fuzz",
        description="Attack the project with damaged photos, run folders and requests. What breaks is told with the "
        "seed and the number that draw the same attack again.",
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--minutes", type=positive(float), default=5, help="for all of them together (default: 5)")
    parser.add_argument("--seed", type=number(int, least=0), default=None, help="default: another one each time")
    parser.add_argument("--only", type=number(int, least=0), metavar="NUMBER", help="one attack of one kind and a seed")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.kinds if name not in KINDS]
    if unknown:
        parser.error(f"there is no kind {unknown[0]}: give {', '.join(KINDS)}")
    if options.only is not None and (len(options.kinds) != 1 or options.seed is None):
        parser.error("--only needs one kind and its --seed")
    seed = time.time_ns() % 10**6 if options.seed is None else options.seed
    kinds = options.kinds or list(KINDS)
    with tempfile.TemporaryDirectory() as folder:
        runs = _trained(Path(folder))
        broke = [_tried(name, Path(folder), runs, seed, options) for name in kinds]
    return int(any(broke))


def _tried(name: str, folder: Path, runs: Path, seed: int, options) -> bool:
    seconds = 60 * options.minutes / len(options.kinds or KINDS)
    place = folder / name
    place.mkdir()
    with KINDS[name](place, runs) as attack:
        if options.only is not None:
            tried = Tried(attacks=1)
            try_one(attack, seed, options.only, tried)
        else:
            with tqdm(desc=name, unit=" attacks") as bar:
                tried = keep_trying(attack, seed, seconds, bar.update)
    print(f"{name}, seed {seed}: {tried.attacks} attacks, {tried.refused} refused, {len(tried.broke)} places broke")
    for which, told in tried.broke.values():
        print(f"\n{name} --seed {seed} --only {which}\n{told}")
    return bool(tried.broke)


def _trained(folder: Path) -> Path:
    """Two small runs on a drawn dataset."""
    runs, data = folder / "trained", folder / "drawn"
    quick = ["--size", "32", "--epochs", "1", "--batch-size", "4", "--device", "cpu"]
    with contextlib.redirect_stdout(None):
        synthetic.main([str(data), "--photos", "12", "--side", "48"])
        for loss in ("ce", "focal"):
            run.main(["--loss", loss, "--data", str(data), "--out", str(runs), *quick])
    return runs


if __name__ == "__main__":
    run_command(main)
