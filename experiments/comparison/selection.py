"""Which runs a comparison is of: those a person names, and those that stand on one footing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.comparison.configurations import configurations
from experiments.comparison.footing import Footing, footing_or_none, last_footing, trained
from experiments.store.runs import Run, read_run
from experiments.store.scored.photo_scores import has_details
from seg import InputError
from seg.options import Options


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
    """Runs, by what a comparison is of. A run that has not finished an epoch is in none of these.

    Attributes:
        chosen: those that are compared with each other.
        bare: those on the footing of `chosen` that lack the scores of single photos which `chosen` have.
        apart: those on another footing, where nobody named the runs.
    """

    chosen: list[Run]
    bare: list[Run]
    apart: list[Run]

    @property
    def apart_sentence(self) -> str:
        """Names those set apart, with their footing; empty where there are none."""
        named = ", ".join(f"{run.name} ({last_footing(run).words})" for run in self.apart)
        return f"Set apart, on another footing: {named}." if named else ""


def select_runs(runs: list[Run], *, named: bool) -> Selection:
    """The runs that a comparison is of.

    Args:
        named: the person chose these runs: none is set apart. Otherwise those are that do not stand on the footing on
            which most of the project's comparison does: of the finished runs of the same epochs, side, photos and
            split, those nearest to the article's split and side, then those of the most losses, then the most runs,
            then the number of epochs nearest to the article's. Where none is finished, all that are nearest to the
            article stay if they share a footing.
    """
    there = trained(runs)
    if named or not there:
        return Selection(there, [], [])
    members = _most_compared(there)
    detailed = [run for run in members if has_details(run)]
    kept = {run.name for run in members}
    apart = [run for run in there if run.name not in kept]
    if not detailed or len(set(map(_end, members))) > 1:
        return Selection(members, [], apart)
    return Selection(detailed, [run for run in members if not has_details(run)], apart)


def _most_compared(there: list[Run]) -> list[Run]:
    """The runs on the footing that `select_runs` describes."""
    finished = [run for run in there if run.epochs_trained == run.epochs_planned]
    if not finished:
        nearest = min(map(_distance, there))
        together = [run for run in there if _distance(run) == nearest]
        if footing_or_none(together) is not None:
            return together
    groups: dict[Footing, list[Run]] = {}
    for run in there:
        groups.setdefault(_end(run), []).append(run)
    names = {run.name for run in finished}

    def rank(members: list[Run]) -> tuple:
        losses, epochs = len({run.loss for run in members}), abs(members[0].epochs_trained - Options.epochs)
        return not names & {run.name for run in members}, _distance(members[0]), -losses, -len(members), epochs

    return min(groups.values(), key=rank)


def _end(run: Run) -> Footing:
    """The footing of its last scores, whether or not they are of single photos."""
    return replace(last_footing(run), detailed=False)


def _distance(run: Run) -> tuple[bool, bool, int]:
    """How far a run's photos are from the article's: one's own, another split, or another side."""
    last = last_footing(run)
    return last.own_border is not None, last.holdout, abs(last.trimap_side - Options.size)
