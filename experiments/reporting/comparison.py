"""What `experiments.compare` prints: the comparison of runs, or a ranking of the photos that they were scored on."""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from experiments.cli.options import FIELDS, used_options
from experiments.comparison.analysis import Analysis, analyse
from experiments.comparison.bootstrap import RESAMPLES
from experiments.comparison.configurations import configurations
from experiments.comparison.photos import disagreements, hardest, suspects
from experiments.reporting.tables import Section, analysis_sections, photos_section, records, runs_section, runs_table
from experiments.scores import SCORES
from experiments.store.photo_scores import has_details
from experiments.store.runs import Run, find_runs, read_run
from seg import InputError

_SCORE_IT = "Finish such a run, or score it as it is with `python -m experiments.evaluate FOLDER --details`"


@dataclass(frozen=True)
class Output:
    """What the command found, for people as sections, for programs as one table or as JSON."""

    sections: list[Section]
    notes: list[str]
    table: pd.DataFrame
    content: object

    def text(self) -> str:
        return "\n\n".join([*(section.as_text() for section in self.sections), *self.notes])

    def formatted(self, kind: str) -> str:
        if kind == "markdown":
            return "\n\n".join([*(section.as_markdown() for section in self.sections), *self.notes]) + "\n"
        if kind == "csv":
            return self.table.to_csv(index=False)
        return json.dumps(self.content, indent=2) + "\n"


def compare_runs(options: argparse.Namespace, folders: list[Path], kind: str | None) -> int:
    """Print, or write, what the options of `experiments.compare` ask for; 0.

    Args:
        folders: those that hold the runs' folders.
        kind: the format asked for; None for text.

    Raises:
        InputError: a run is not there, or the runs cannot be compared.
    """
    found, broken = find_runs(folders)
    target = None if kind is None else _target(kind, getattr(options, kind), found)
    runs = _chosen(options.run, found, folders) if options.run else found
    for line in [] if options.run else broken:
        print(f"left out: {line}", file=sys.stderr)
    if not runs:
        searched = " and ".join(str(folder) for folder in folders)
        raise InputError(f"no runs in {searched}: make one with `python -m experiments.run --loss ce --data DIR`")
    detailed, notes = _with_details(runs, named=bool(options.run))
    by = options.by
    if options.hardest:
        output = _ranking(f"Hardest photos by {SCORES[by].noun}", hardest(_some(detailed), by), options.hardest)
    elif options.disagree:
        one, other = (_named(name, found, folders) for name in options.disagree)
        if {run.folder.resolve() for run in one} == {run.folder.resolve() for run in other}:
            raise InputError(f"--disagree {' '.join(options.disagree)} names the same runs twice: give two that differ")
        photos = disagreements(one, other, by)
        photos = photos.rename(columns=dict(zip(("first", "second"), options.disagree, strict=True)))
        output = _ranking(
            f"Photos on which {' and '.join(options.disagree)} disagree by {SCORES[by].noun}", photos, options.top
        )
    elif options.suspects:
        output = _ranking("Photos whose trimap is probably wrong", suspects(_some(detailed)), options.top)
    else:
        output = _comparison(runs, detailed, notes)
    if target is None:
        print(output.text() if kind is None else output.formatted(kind), end="\n" if kind is None else "")
    else:
        _write(target, output.formatted(kind))
        print(output.text())
    return 0


def _with_details(runs: list[Run], *, named: bool) -> tuple[list[Run], list[str]]:
    """The runs that can be compared photo by photo, and a sentence for each kind of run left out.

    Args:
        named: the person chose these runs. Otherwise those are left out that were scored on other photos than most
            comparisons are about: the test split's, at the article's size or near it.
    """

    def distance(run: Run) -> tuple[bool, int]:
        options = used_options(run.info)
        return options["holdout"], abs(options["size"] - FIELDS["size"].default)

    detailed = [run for run in runs if has_details(run)]
    bare = [run.name for run in runs if run not in detailed]
    notes = [f"Without images.csv, so without intervals: {', '.join(bare)}. {_SCORE_IT}."] if bare else []
    if detailed and not named:
        nearest = min(map(distance, detailed))
        apart = [run for run in detailed if distance(run) != nearest]
        detailed = [run for run in detailed if run not in apart]
        if apart:
            notes.append(f"Scored on other photos, so to be compared apart: {', '.join(run.name for run in apart)}.")
    return detailed, notes


def _some(detailed: list[Run]) -> list[Run]:
    if not detailed:
        raise InputError(f"none of the runs has an images.csv. {_SCORE_IT}")
    return detailed


def _comparison(runs: list[Run], detailed: list[Run], notes: list[str]) -> Output:
    """The runs, and the analysis of those that have details."""
    content = {"runs": records(runs_table(runs)), "analysis": None}
    if not detailed:
        return Output([runs_section(runs)], notes, pd.DataFrame(columns=Analysis.COLUMNS), content)
    analysis = analyse(detailed)
    content["analysis"] = {
        "compared_with": analysis.compared_with,
        "photos": analysis.photos,
        "resamples": RESAMPLES,
        "seeds_counted": analysis.seeds_counted,
        "scores": records(analysis.scores),
        "reliability": records(analysis.reliability),
    }
    return Output([runs_section(runs), *analysis_sections(analysis)], notes, analysis.scores, content)


def _ranking(title: str, photos: pd.DataFrame, shown: int) -> Output:
    table = photos.head(shown).rename_axis("photo").reset_index()
    return Output([photos_section(title, photos.head(shown))], [], table, records(table))


def _named(name: str, found: list[Run], folders: list[Path]) -> list[Run]:
    """The runs of the configuration of that name, else the run of that name or folder."""
    # the tables' configurations consist of runs with details: these replace others of the same name
    detailed = [run for run in found if has_details(run)]
    by_name = {c.name: c for c in (*configurations(found), *configurations(detailed))}
    return list(by_name[name].runs) if name in by_name else _chosen([name], found, folders)


def _chosen(names: list[str], found: list[Run], folders: list[Path]) -> list[Run]:
    """The runs of these names, or in these folders, in the order given, each once.

    Raises:
        InputError: there is no such run.
        BadRun: there is, and it cannot be read.
    """
    by_name = {run.name: run for run in found}
    by_folder = {run.folder.resolve(): run for run in found}
    chosen: dict[Path, Run] = {}
    for name in names:
        run = by_name.get(name)
        if run is None:
            folder = next((path for path in (Path(name), *(f / name for f in folders)) if path.is_dir()), None)
            if folder is None:
                there = ", ".join(by_name) or "none"
                raise InputError(f"{name} is neither a run nor a run's folder: there are {there}")
            run = by_folder.get(folder.resolve()) or read_run(folder)
            if any(run.name == other.name for other in chosen.values() if other.folder.resolve() != folder.resolve()):
                run = replace(run, name=str(folder))
        chosen.setdefault(run.folder.resolve(), run)
    return list(chosen.values())


def _target(kind: str, text: str, found: list[Run]) -> Path | None:
    """The file to write, seen before the work begins; None for the terminal."""
    if text == "":
        return None
    path = Path(text)
    if text in [run.name for run in found]:
        raise InputError(f"--{kind} {text} would write a file of a run's name: name the runs before --{kind}")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--{kind} {text} cannot be written: give a file in a folder that exists")
    return path


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): give another file") from error
