"""CONTRIBUTING.md's recipes, done in a copy of the project and followed from the command line to the app."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from safetensors import safe_open

pytestmark = pytest.mark.long

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "CONTRIBUTING.md").read_text()
SMALL = ["--size", "32", "--batch-size", "6", "--device", "cpu"]

STEP = re.compile(
    r"^In (?:the new file `(?P<new>[^`]+)`|`(?P<file>[^`]+)`, (?P<place>above|in the place of|at the end)"
    r"(?: of)?(?: `(?P<anchor>[^`]+)`)?):\n\n```python\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What these two recipes show is in the project already: it is added once more, under another name
RENAMED = {
    "A loss": {"dice": "twin", "Dice": "Twin", "#882255": "#332288"},
    "A network with code of its own": {"SegNetLinear": "SegNetSimple", "segnet-linear": "segnet-simple"},
}


@dataclass(frozen=True)
class Recipe:
    """A section of the text.

    Attributes:
        said: how many files it says that it touches, and which.
        steps: of each block of code `file`, `place`, `anchor`, `code`; or `new` and `code`.
    """

    title: str
    said: tuple[int, set[str]]
    steps: list[dict[str, str]]


def read_recipes() -> dict[str, Recipe]:
    found = {}
    for section in TEXT.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        counted = re.search(r"^Files touched: (\d+) \(([^)]+)\)", body, re.MULTILINE)
        if counted is None:
            continue
        steps = [step.groupdict() for step in STEP.finditer(body)]
        assert len(steps) == body.count("```python"), f"{title}: a block of code does not say where it goes"
        found[title] = Recipe(title, (int(counted[1]), set(re.findall("`([^`]+)`", counted[2]))), steps)
    return found


RECIPES = read_recipes()


def do(step: dict[str, str], root: Path, renamed: dict[str, str]) -> None:
    """Put a block of code where its step says."""
    code = step["code"]
    for name, other in renamed.items():
        code = code.replace(name, other)
    if step["new"]:
        assert not (root / step["new"]).exists()
        (root / step["new"]).parent.mkdir(exist_ok=True)
        (root / step["new"]).write_text(code)
        return
    path, place, anchor = root / step["file"], step["place"], step["anchor"]
    lines = path.read_text().splitlines(keepends=True)
    if anchor is None:
        path.write_text("".join([*lines, "\n\n", code]))
        return
    if place == "at the end":
        (start,) = (number for number, line in enumerate(lines) if re.match(rf"{anchor}\b.* = [({{]$", line))
        at = next(number for number in range(start, len(lines)) if lines[number][0] in ")}")
    else:
        (at,) = (number for number, line in enumerate(lines) if line.strip() == anchor)
    if place == "in the place of":
        del lines[at]
    if place == "above" and not code.startswith(" "):
        code += "\n\n"
    lines.insert(at, code)
    path.write_text("".join(lines))


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def grown(tmp_path_factory) -> tuple[Path, dict[str, set[str]]]:
    """A copy of the project in which all recipes were done one after another, and the files that each touched."""
    root = tmp_path_factory.mktemp("grown")
    left_out = shutil.ignore_patterns("__pycache__", "results")
    for folder in ("seg", "experiments", "demo"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=left_out)
    for file in ("app.py", "pyproject.toml"):
        shutil.copy(PROJECT / file, root)
    touched, before = {}, contents(root)
    for title, recipe in RECIPES.items():
        for step in recipe.steps:
            do(step, root, RENAMED.get(title, {}))
        after = contents(root)
        touched[title] = {path for path in after if after[path] != before.get(path)}
        before = after
    return root, touched


def python(root: Path, *arguments: object) -> str:
    """What `python ARGUMENTS` prints in that copy of the project."""
    ended = subprocess.run([sys.executable, *map(str, arguments)], cwd=root, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


GRID = """
[[runs]]
loss = "ce"
network = "segnet-slim"
lr_floor = 5e-4
lr_step = 1
lr_decay = 0.1
epochs = 3
size = 32
batch_size = 6
"""

FOLLOW = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
import gradio as gr
from PIL import Image
from demo.compare import table
from demo.figures.by_epoch import by_epoch
from demo.figures.styles import styles
from demo.stage.component import stage_value
from demo.catalogue import Catalogue
from demo.compare.layout import lay_out
from demo.compare.updates import refresh_epochs
from demo.page import build_interface
from demo.selection.described import selection_value
from demo.selection.followed import read_selected
from demo.tabs import TABS
from experiments import compare as compare_command, evaluate, run
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.configurations import configurations
from experiments.comparison.footing import shared_footing
from experiments.comparison.selection import select_runs
from experiments.store.runs import find_runs
from seg.inference import Segmenter

data, runs = sys.argv[1:3]
small = ["--loss", "ce", "--size", "32", "--batch-size", "6", "--device", "cpu", "--data", data, "--out", runs]
run.main(["--epochs", "2", *small])
run.main(["--epochs", "1", "--network", "segnet-simple", *small])
slim = Path(runs) / "ce-segnet-slim-s0" / "model.safetensors"
evaluate.main([str(slim), "--data", data, "--device", "cpu", "--csv", str(Path(runs) / "evaluated.csv")])
compare_command.main(["--runs", runs, "--csv", str(Path(runs) / "compared.csv")])

catalogue = Catalogue((Path(runs),))
there = catalogue.scored()
found = configurations(there)
styled = styles(found)
page = build_interface([Path(runs)], Path(data))
parts = {part.elem_id: part for part in page.blocks.values()}
chosen = {"runs": [run.name for run in there], "epoch": None, "score": "pet_recall", "details": None}
with gr.Blocks():
    compared = lay_out()
filled = refresh_epochs(compared, catalogue, read_selected(chosen, TABS["which-loss"].follows), None)
progress = next(
    event
    for event in page.fns.values()
    if any(
        kind == "select" and number in page.blocks and page.blocks[number].elem_id == "follow-progress"
        for number, kind in event.targets
    )
)
photo = Image.new("RGB", (50, 40), "red")
masks = {
    name: Segmenter.load(Path(runs) / name / "model.safetensors").predict(photo).mask.shape
    for name in ("twin-s0", "ce-segnet-slim-s0", "ce-segnet-simple-s0")
}
seen = {
    "answer": verdict(analyse(select_runs(there, named=False).chosen)),
    "styles": {name: [style.colour, style.symbol] for name, style in styled.items()},
    "lines": [trace.line.color for trace in by_epoch(found, "border_f1", styled).figure.data],
    "offered": selection_value(catalogue)["runs"],
    "titles": [pane["title"] for pane in stage_value(None, catalogue.with_checkpoint(), {})["panes"]],
    "table": list(table.styled_table(there, shared_footing(there)).data.columns),
    "curves": parts["compare-metric"].choices,
    "photos": parts["failures"].value["scores"],
    "tabs": [tab.label for tab in parts["tabs"].children],
    "score": filled[compared.score]["value"],
    "addresses": list(TABS),
    "progress": progress.fn(chosen),
    "masks": masks,
}
Path(sys.argv[3]).write_text(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def followed(grown, tmp_path_factory, tiny_pets) -> dict:
    """What is seen of the additions in the grown project, its networks narrow."""
    root, _ = grown
    folder = tmp_path_factory.mktemp("followed")
    runs = folder / "runs"
    shutil.copytree(root, folder / "narrow")
    root, segnet = folder / "narrow", folder / "narrow" / "seg" / "networks" / "segnet.py"
    stages = re.search(r"^STAGES = .*$", segnet.read_text(), re.MULTILINE)[0]
    segnet.write_text(segnet.read_text().replace(stages, "STAGES = ((1, 16), (1, 16), (2, 32), (1, 32))"))

    where = ["--data", tiny_pets, "--out", runs]
    (folder / "grid.toml").write_text(GRID)
    said = {"help": python(root, "-m", "experiments.run", "--help")}
    python(root, "-m", "experiments.run", "--loss", "twin", "--epochs", "2", *SMALL, *where)
    python(root, "-m", "experiments.sweep", folder / "grid.toml", "--device", "cpu", *where)
    said["compared"] = python(root, "-c", FOLLOW, tiny_pets, runs, folder / "seen.json")
    return said | json.loads((folder / "seen.json").read_text()) | {"runs": runs}


def epochs(runs: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(runs / name / "epochs.csv")


def test_there_are_the_recipes():
    assert list(RECIPES) == [
        "A loss",
        "An option",
        "A score",
        "A variant of a network",
        "A network with code of its own",
        "A tab",
    ]


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_touches_the_files_it_says(grown, title):
    number, files = RECIPES[title].said
    assert grown[1][title] == files
    assert len(files) == number


@pytest.mark.parametrize("title", RENAMED)
def test_an_example_that_is_in_the_project_stands_there_as_it_is_shown(title):
    for step in RECIPES[title].steps:
        assert step["code"] in (PROJECT / step["file"]).read_text()


def test_the_code_of_the_recipes_passes_lint(grown):
    for command in (["check"], ["format", "--check"]):
        python(grown[0], "-m", "ruff", *command, "--no-cache", ".")


def test_a_loss_trains_is_compared_and_is_in_the_app(followed):
    assert ",twin," in re.search(r"--loss \{(.*?)\}", followed["help"])[0].replace("}", ",")
    scores = epochs(followed["runs"], "twin-s0")
    assert scores["epoch"].tolist() == [0, 1, 2]
    assert scores["train_loss"].iloc[1:].between(0, 1).all()
    compared = pd.read_csv(followed["runs"] / "compared.csv")
    assert compared.loc[compared["configuration"] == "twin", "difference"].notna().any()
    (contrasts,) = (line for line in followed["answer"] if line.startswith("Secondary contrasts"))
    assert re.search(r"with Twin loss .*border F1 .*, p = ", contrasts)
    assert followed["styles"]["twin-s0"] == ["#332288", "star"]
    assert "#332288" in followed["lines"]
    assert {"twin-s0": "Twin"}.items() <= {run["name"]: run["title"] for run in followed["offered"]}.items()
    assert "Twin" in followed["titles"]


def test_an_option_is_on_the_command_line_in_a_grid_in_the_record_and_obeyed(followed):
    assert re.search(r"--lr-floor LR_FLOOR\s+what the learning rate never falls below \(default: 0\)", followed["help"])
    info = json.loads((followed["runs"] / "ce-segnet-slim-s0" / "run.json").read_text())
    assert info["options"]["lr_floor"] == 5e-4
    rates = epochs(followed["runs"], "ce-segnet-slim-s0")["learning_rate"]
    assert rates.iloc[1:].tolist() == pytest.approx([1e-3, 5e-4, 5e-4])
    assert epochs(followed["runs"], "twin-s0")["learning_rate"].iloc[1:].tolist() == pytest.approx([1e-3, 1e-3])


def test_a_score_is_logged_compared_and_offered(followed):
    images = pd.read_csv(followed["runs"] / "twin-s0" / "images.csv")
    expected = images["pet_as_pet"].sum() / images.filter(regex="^pet_as_").to_numpy().sum()
    assert epochs(followed["runs"], "twin-s0")["pet_recall"].iloc[-1] == pytest.approx(expected)
    compared = pd.read_csv(followed["runs"] / "compared.csv").set_index(["configuration", "score"])
    assert compared.loc[("twin", "pet_recall"), "mean"] == pytest.approx(expected)
    assert compared.loc[("twin", "pet_recall"), ["low", "high", "difference"]].notna().all()
    assert "pet recall %" in followed["compared"]
    assert any("Pet recall" in column for column in followed["table"])
    assert ["Pet recall", "pet_recall"] in followed["curves"]
    assert ["Pet recall", "pet_recall"] in followed["photos"]
    assert followed["score"] == "pet_recall"


@pytest.mark.parametrize("network", ["segnet-slim", "segnet-simple"])
def test_a_network_trains_and_segments(followed, network):
    name = f"ce-{network}-s0"
    with safe_open(followed["runs"] / name / "model.safetensors", "numpy") as file:
        metadata = file.metadata()
    assert metadata["network"] == network
    assert network in re.search(r"--network \{(.*?)\}", followed["help"])[1].split(",")
    assert followed["masks"][name] == [40, 50]
    assert name in [run["name"] for run in followed["offered"]]


def test_a_variant_of_a_network_is_as_large_as_it_says_and_is_evaluated(followed):
    name = "ce-segnet-slim-s0"
    info = json.loads((followed["runs"] / name / "run.json").read_text())
    assert f"{info['parameters']:,} parameters" in TEXT
    evaluated = pd.read_csv(followed["runs"] / "evaluated.csv").iloc[0]
    recorded = epochs(followed["runs"], name).iloc[-1]
    assert evaluated["pixel_accuracy"] == pytest.approx(recorded["pixel_accuracy"], abs=0.01)


def test_a_tab_is_in_the_page_has_an_address_and_follows_what_is_chosen(followed):
    assert followed["tabs"] == ["Try", "Which loss?", "Watch", "Failures", "Progress"]
    assert followed["addresses"][-1] == "progress"
    assert "- Twin: finished, 2 epochs" in followed["progress"]
