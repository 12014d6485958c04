"""Which runs a comparison is of: those a person names, and those whose photos can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.comparison.configurations import configurations
from experiments.store.photo_scores import has_details
from experiments.store.recorded_options import used_options
from experiments.store.runs import Run, read_run
from seg import InputError
from seg.options import FIELDS


def choose_runs(names: Sequence[str], found: list[Run], folders: Sequence[Path]) -> list[Run]:
    """The runs of these names, or in these folders, in the order given, each once.

    Args:
        found: the runs that lie in `folders`.

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


def choose_configuration(name: str, found: list[Run], folders: Sequence[Path]) -> list[Run]:
    """The runs of the configuration of that name, else the one run of that name or folder.

    Raises:
        InputError, BadRun: as `choose_runs`.
    """
    # the tables' configurations consist of runs with details: these replace others of the same name
    detailed = [run for run in found if has_details(run)]
    by_name = {c.name: c for c in (*configurations(found), *configurations(detailed))}
    return list(by_name[name].runs) if name in by_name else choose_runs([name], found, folders)


@dataclass(frozen=True)
class Selection:
    """Runs, by whether they can be compared photo by photo.

    Attributes:
        detailed: those that can be compared with each other.
        bare: those without scores of single photos.
        apart: those that were scored on other photos than `detailed`.
    """

    detailed: list[Run]
    bare: list[Run]
    apart: list[Run]


def select_detailed(runs: list[Run], *, named: bool) -> Selection:
    """The runs, told apart by whether they can be compared photo by photo.

    Args:
        named: the person chose these runs: none is set apart. Otherwise those are that were scored on other photos
            than most comparisons are about: the test split's, at the article's size or near it.
    """

    def distance(run: Run) -> tuple[bool, int]:
        options = used_options(run.info)
        return options["holdout"], abs(options["size"] - FIELDS["size"].default)

    detailed = [run for run in runs if has_details(run)]
    bare = [run for run in runs if run not in detailed]
    nearest = min(map(distance, detailed), default=None)
    apart = [] if named else [run for run in detailed if distance(run) != nearest]
    return Selection([run for run in detailed if run not in apart], bare, apart)
