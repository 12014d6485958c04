"""Files of a run, damaged: the page, the API and a command, over that run and a whole one."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import gradio as gr
from PIL import Image

from demo.api import compare_api, runs_api, segment_api
from demo.catalogue import Catalogue
from demo.page import build_interface
from experiments import compare
from experiments.cli.command_line import run_command
from seg.inference import Segmenter
from tools.fuzz.mutations import damaged_bytes, damaged_value
from tools.fuzz.trying import Attack, Broke, Kind, one_line, refusals

Damage = Callable[[Random, bytes], bytes]


def run_folders(pattern: str, damage: Damage) -> Kind:
    """A kind of attack: one file of one run is damaged, and put right afterwards.

    Args:
        pattern: of the files, below a run.
    """

    @contextmanager
    def kind(folder: Path, runs: Path) -> Iterator[Attack]:
        there = Path(shutil.copytree(runs, folder / "runs"))
        names = sorted(run.name for run in Catalogue((there,)).runs())
        doors = _Doors(there, names, folder)

        def attack(random: Random) -> str:
            name = random.choice(names)
            file = random.choice(sorted((there / name).rglob(pattern)))
            whole = file.read_bytes()
            try:
                file.write_bytes(damage(random, whole))
                return doors.some_of(random, name, by_network=file.suffix == ".safetensors")
            finally:
                # a new file: another one took the old one's place
                file.with_name("whole").write_bytes(whole)
                file.with_name("whole").replace(file)

        yield attack

    return kind


def damaged_checkpoint(random: Random, content: bytes) -> bytes:
    """A safetensors file whose head says something else, or whose bytes are others."""
    if random.random() < 0.3:
        return damaged_bytes(random, content[:4096]) + content[4096:]
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    said = random.choice((head["__metadata__"], head))
    key = random.choice(list(said))
    if said is head:
        head[key] = damaged_value(random, head[key])
    else:
        changed = damaged_value(random, [said[key]])
        # the metadata are words only: what stands in them is checked by who reads them
        said[key] = (
            changed if random.random() < 0.05 else str(changed[0] if isinstance(changed, list) and changed else changed)
        )
    packed = json.dumps(head).encode()
    return len(packed).to_bytes(8, "little") + packed + content[8 + length :]


class _Doors:
    """All that reads a folder of runs."""

    def __init__(self, runs: Path, names: list[str], folder: Path) -> None:
        self.runs, self.names, self.catalogue = runs, names, Catalogue((runs,))
        self.page = build_interface([runs], folder / "no dataset")
        self.photo = folder / "photo.png"
        Image.linear_gradient("L").resize((40, 30)).save(self.photo)

    def some_of(self, random: Random, hurt: str, *, by_network: bool) -> str:
        """The page opens, and two other doors, or all that the weights of a run have."""
        outcome: list[str] = []
        selection = self._opened()
        lost = set(self.names) - {hurt} - {run["name"] for run in selection["runs"]}
        if lost:
            raise Broke("whole runs went with a damaged one", f"{lost} with {hurt}")
        for line in selection["broken"]:
            one_line(line)
            if str(self.runs) in line:
                raise Broke("a visitor reads where the runs are", line)
            outcome.append("refused")
        doors = (self._look, self._look, self._look, self._ask, self._ask, self._command)
        for door in (self._segment, self._look) if by_network else random.sample(doors, 2):
            with refusals(outcome):
                door(random, hurt)
        return "refused" if outcome else "read"

    def _opened(self) -> dict:
        """What the bar of a page says that opens now."""
        [event] = [event for event in self.page.fns.values() if event.name == "open_page"]
        shown: Any = event.fn() if event.fn else {}
        [value] = [value for part, value in shown.items() if part.elem_id == "selection"]
        _as_json(value)
        return value

    def _look(self, random: Random, hurt: str) -> None:
        """One tab is looked at."""
        said = {"runs": self.names, "epoch": random.choice((None, 1)), "details": "open"}
        tabs = [event for event in self.page.fns.values() if event.fn and (event.name or "").startswith("show")]
        tab = random.choice(tabs)
        given = [deepcopy(part.value) if isinstance(part, gr.State) else said for part in tab.inputs]
        answer: Any = tab.fn(*given) if tab.fn else None
        for _ in answer if hasattr(answer, "__next__") else ():
            pass

    def _ask(self, random: Random, hurt: str) -> None:
        """A program asks for the runs and compares some."""
        _as_json(runs_api(self.catalogue))
        _as_json(compare_api(self.catalogue, random.choice(([], self.names, [hurt]))))

    def _segment(self, random: Random, hurt: str) -> None:
        """A program segments a photo."""
        segment_api(self.catalogue, str(self.photo), hurt)
        Segmenter.load(self.runs / hurt)

    def _command(self, random: Random, hurt: str) -> None:
        """`compare`: one line and status 2 where it cannot."""
        told, printed = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(printed):
            try:
                run_command(lambda _: compare.main([str(self.runs / name) for name in self.names]))
            except SystemExit as ended:
                status = ended.code
        if status not in (0, 2) or "Traceback" in told.getvalue():
            raise Broke(f"compare ended with {status}", told.getvalue()[-300:])
        if status == 2:
            one_line(told.getvalue().strip().splitlines()[-1])


def _as_json(value: object) -> None:
    """What is sent to a page or a program.

    Raises:
        TypeError: it cannot be written.
    """
    json.dumps(value)
