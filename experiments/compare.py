"""Which loss sees the border, and how sure that is: `python -m experiments.compare`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.command_line import (
    OneLineParser,
    add_data_option,
    data_remedy,
    positive,
    remedies,
    run_command,
    writing,
)
from experiments.cli.places import add_runs_option, run_or_address
from experiments.cli.program import typed
from experiments.scores import CHOSEN_FIRST, SCORES, Place, appearing
from experiments.store.recorded_options import used_options
from experiments.store.runs import run_name
from seg import InputError
from seg.pets import TEST, TRAINVAL, BadPair

if TYPE_CHECKING:
    from experiments.comparison.footing import Footing
    from experiments.reporting.output import Output
    from experiments.store.runs import Run
    from seg.cache import Split

FORMATS = ("markdown", "csv", "json")


def main(arguments: list[str] | None) -> int:
    """Print, or write to a file, what the options ask for; 0."""
    options = _parser().parse_args(arguments)
    folders = options.runs
    kind = next((kind for kind in FORMATS if getattr(options, kind) is not None), None)
    # torch and pandas take seconds to import: a wrong option is answered before
    from experiments.comparison.selection import choose_runs, select_runs
    from experiments.store.runs import find_runs
    from experiments.store.scored.damage import of_whole

    found, broken = find_runs(folders)
    target = None if kind is None else _target(kind, getattr(options, kind), [run.name for run in found])
    given = _mask_folders(options, found)
    named = [name for name in options.run if name not in given]
    usual = select_runs(found, named=False).chosen if given else found
    runs = choose_runs(named, found, folders) if named else usual
    for line in [] if options.run else broken:
        print(f"left out: {line}", file=sys.stderr)
    if not runs:
        searched = " and ".join(str(folder) for folder in folders)
        raise InputError(f"no runs in {searched}: make one with `{typed('run')} --loss ce --data DIR`")
    with tempfile.TemporaryDirectory(prefix="borderline-") as scored:
        masks = _scored_masks(given, runs, found, options.data, Path(scored)) if given else {}
        beside = [run for name, run in masks.items() if name in options.run]
        options.disagree = [masks[name].name if name in masks else name for name in options.disagree or ()]
        everything = [*found, *masks.values()]
        if options.run:
            output = _output(options, [*runs, *beside], everything, folders)
        else:
            output, damaged = of_whole(runs, lambda runs: _output(options, runs, everything, folders))
            for error in damaged:
                print(f"left out: {error}", file=sys.stderr)
    if kind is None:
        print(output.as_text())
    elif target is None:
        print(output.formatted(kind), end="")
    else:
        with writing(target, "give another file"):
            target.write_text(output.formatted(kind), encoding="utf-8")
        print(output.as_text())
    return 0


def _mask_folders(options: argparse.Namespace, found: list[Run]) -> list[str]:
    """The folders of masks among what was named."""
    from experiments.store.scored.masks import are_masks

    names, runs = dict.fromkeys([*options.run, *(options.disagree or ())]), {run.name for run in found}
    return [name for name in names if name not in runs and are_masks(Path(name))]


def _scored_masks(given: list[str], runs: list[Run], found: list[Run], data: Path, scored: Path) -> dict[str, Run]:
    """These folders of masks, scored as the runs beside them are, each under a name that nothing else has.

    Args:
        found: all runs, whose names are taken.
        scored: folder to write what is found to.
    """
    from tqdm import tqdm

    from experiments.comparison.configurations import configurations
    from experiments.comparison.footing import last_footing, trained
    from experiments.store.scored.masks import score_masks

    there = trained(runs)
    if not there:
        raise InputError("masks are scored as the runs beside them are, and none of these has finished an epoch")
    footing = last_footing(there[0])
    truth, options = _truth(there[0], footing, data)
    taken = {each.name for group in (found, configurations(found), configurations(runs)) for each in group}
    masks: dict[str, Run] = {}
    for text in given:
        folder = Path(text)
        with (
            tqdm(total=len(truth), desc=f"reading {folder.name}", unit="mask") as progress,
            remedies(lambda error: "mend it, or take it out of the folder" if isinstance(error, BadPair) else None),
        ):
            own = footing.own_border is not None
            out = scored / str(len(masks))
            run, missing = score_masks(folder, truth, options, out, own_photos=own, on_mask=progress.update)
        if missing:
            print(f"{folder}: {missing:,} of {len(truth):,} photos have no mask and are left out", file=sys.stderr)
        name = run_name(folder.resolve())
        name = next(each for each in (name, f"{name} (masks)", str(folder), f"{folder} (masks)") if each not in taken)
        taken.add(name)
        masks[text] = replace(run, name=name)
    return masks


def _truth(beside: Run, footing: Footing, data: Path) -> tuple[Split, dict[str, Any]]:
    """The labels that a run was scored against on this footing, and what masks say of having been so, too."""
    from seg.cache import load_split
    from seg.labelled.masks import BORDER_WIDTH

    options = used_options(beside.info)
    width = BORDER_WIDTH if footing.own_border is None else footing.own_border
    split = TRAINVAL if footing.holdout else TEST
    with remedies(lambda error: data_remedy(error, data, "name a run beside them that was trained with --skip-bad")):
        truth = load_split(data, split, footing.trimap_side, skip_bad=options["skip_bad"], border_width=width)
    said: dict[str, Any] = {"epochs": footing.epoch, "holdout": footing.holdout, "border_width": width}
    if footing.side != footing.trimap_side:  # a progressive run that was stopped
        said["size"] = [footing.side] * footing.epoch + [footing.trimap_side]
    return (truth.holdout()[1] if footing.holdout else truth).without(options["exclude"]), said


def _output(options: argparse.Namespace, runs: list[Run], found: list[Run], folders: list[Path]) -> Output:
    """The ranking of photos that was asked for, else the comparison of the runs."""
    from experiments.comparison.photos import HOW_SUSPECTED, disagreements, hardest, left_out, suspects
    from experiments.comparison.selection import choose_configuration, select_runs
    from experiments.reporting.measured import measured_sentence
    from experiments.reporting.output import SCORE_IT, comparison_output, ranking_output
    from experiments.store.scored.photo_scores import has_details

    by, noun = options.by, SCORES[options.by].noun
    selection = select_runs(runs, named=bool(options.run))
    if options.disagree:
        one, other = (choose_configuration(name, found, folders) for name in options.disagree)
        if {run.folder.resolve() for run in one} == {run.folder.resolve() for run in other}:
            raise InputError(f"--disagree {' '.join(options.disagree)} names the same runs twice: give two that differ")
        photos = disagreements(one, other, by)
        photos = photos.rename(columns=dict(zip(("first", "second"), options.disagree, strict=True)))
        title = f"Photos on which {' and '.join(options.disagree)} disagree by {noun}"
        return ranking_output(title, photos, options.top)
    if not (options.hardest or options.suspects):
        return comparison_output(runs, selection)
    detailed = [run for run in selection.chosen if has_details(run)]
    if not detailed:
        raise InputError(f"none of the runs has an images.csv. {SCORE_IT}")
    if options.hardest:
        photos, broken = hardest(detailed, by)
        return ranking_output(f"Hardest photos by {noun}", photos, options.hardest, [left_out(broken, "`--suspects`")])
    notes = [HOW_SUSPECTED, measured_sentence("planted-labels")]
    return ranking_output("Photos whose trimap is probably wrong", suspects(detailed), options.top, notes)


def _target(kind: str, text: str, runs: list[str]) -> Path | None:
    """The file to write, seen before the work begins; None for the terminal."""
    if text == "":
        return None
    path = Path(text)
    if text in runs:
        raise InputError(f"--{kind} {text} would write a file of a run's name: name the runs before --{kind}")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--{kind} {text} cannot be written: give a file in a folder that exists")
    return path


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("compare"),
        description="Compare runs: scores over seeds, differences from unweighted cross-entropy with 95 % intervals, "
        "accuracy near the outline, calibration. Or rank the photos that they were scored on.",
    )
    parser.add_argument(
        "run",
        type=run_or_address,
        nargs="*",
        metavar="RUN",
        help="a run's name or folder, or a folder of masks that another network predicted, each called as its photo is "
        "(default: all runs)",
    )
    add_runs_option(parser)
    add_data_option(parser, help="where the labels are that masks are held against (default: $PETS_DATA, else data)")
    rankings = parser.add_argument_group("rank photos instead").add_mutually_exclusive_group()
    rankings.add_argument("--hardest", type=positive(int), metavar="N", help="the N photos that the runs find hardest")
    rankings.add_argument(
        "--disagree",
        type=run_or_address,
        nargs=2,
        metavar=("A", "B"),
        help="the photos on which two runs, or two configurations, differ most",
    )
    rankings.add_argument("--suspects", action="store_true", help="the photos whose trimap is probably wrong, and why")
    parser.add_argument(
        "--by",
        choices=[score.name for score in appearing(Place.PHOTOS)],
        default=CHOSEN_FIRST.name,
        help=f"the score to rank by (default: {CHOSEN_FIRST.name})",
    )
    parser.add_argument(
        "--top", type=positive(int), default=20, metavar="N", help="photos of --disagree and --suspects (default: 20)"
    )
    formats = parser.add_argument_group("instead of text").add_mutually_exclusive_group()
    for kind, what in (
        ("markdown", "GitHub's Markdown"),
        ("csv", "one row a configuration and score, fractions"),
        ("json", "everything, fractions"),
    ):
        formats.add_argument(
            f"--{kind}", nargs="?", const="", metavar="FILE", help=f"{what}; to a file, or to the terminal"
        )
    return parser


if __name__ == "__main__":
    run_command(main)
