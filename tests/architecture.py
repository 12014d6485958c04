"""The house's rules, held by a machine: which way imports go, and how large a module, a folder, a function may be.

Each rule is a function from a project's root to the lines that say what breaks it. It is asked of this project, where
it must find nothing, and of a drawn one that breaks it, where it must.
"""

import ast
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("seg", "experiments", "demo", "tools")

# Each may import what stands in an earlier line, and what is its own
LAYERS = (
    ("seg",),
    ("experiments.units",),
    ("experiments.scores",),
    ("experiments.cli",),
    ("experiments.store",),
    ("experiments.comparison", "experiments.curves", "experiments.fetching", "experiments.segmenting"),
    ("experiments.measurements",),
    ("experiments.reporting", "experiments.training", "experiments.benchmarks"),
    ("experiments.sweeping",),
    ("experiments",),  # the commands
    ("demo.sharing",),
    ("demo.catalogue", "demo.images", "demo.photo", "demo.scripts"),
    ("demo.serving",),
    ("demo.uploads",),
    ("demo.analysis", "demo.checkpoints", "demo.labelled"),
    ("demo.figures", "demo.tabs"),
    ("demo.header", "demo.photos", "demo.selection", "demo.stage"),
    ("demo.TAB",),  # each folder of a tab
    ("demo.api",),
    ("demo.agents",),
    ("demo",),
    ("demo.command",),
    ("app",),
    ("tools",),
    ("tests",),
)
# `seg` and `experiments` work where these are not installed
ONLY_IN_THE_APP = {"gradio", "plotly", "playwright"}

MODULE_LINES, FUNCTION_LINES, FOLDER_MODULES = 300, 60, 12
# One reads it from top to bottom
LONG_FUNCTIONS = {("seg/training/__init__.py", "train")}


def modules(root: Path, *packages: str) -> list[Path]:
    return sorted(path for package in packages or PACKAGES for path in (root / package).rglob("*.py"))


def dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports(root: Path, path: Path, *, for_types: bool = True) -> Iterator[str]:
    """The modules that a file imports, wherever in it; of the project's own the files, not the names inside them.

    Args:
        for_types: also those that only the type checker follows.
    """
    nodes = list(ast.walk(ast.parse(path.read_text())))
    unread = [] if for_types else [inner for node in nodes if _is_for_types(node) for inner in node.body]
    for node in nodes:
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            for alias in node.names:
                inside = root / Path(*node.module.split("."), alias.name)
                module = inside.with_suffix(".py").is_file() or (inside / "__init__.py").is_file()
                yield f"{node.module}.{alias.name}" if module else node.module
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module":
            yield from (word.value for word in node.args if isinstance(word, ast.Constant))


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def layer(root: Path, module: str) -> tuple[int, str] | None:
    """The line of LAYERS that a module stands in and its name there, the longest that begins the module's own."""
    parts = module.split(".")
    if parts[0] == "demo" and len(parts) > 1 and (root / "demo" / parts[1] / "tab.py").is_file():
        return LAYERS.index(("demo.TAB",)), f"demo.{parts[1]}"
    found = {
        name: number
        for number, names in enumerate(LAYERS)
        for name in names
        if module == name or module.startswith(f"{name}.")
    }
    return (found[max(found, key=len)], max(found, key=len)) if found else None


def folder(root: Path, path: Path) -> str:
    return path.parent.relative_to(root).as_posix()


# ---- the rules


def imports_against_the_layers(root: Path) -> list[str]:
    broken = []
    for path in [*modules(root), root / "app.py"]:
        module = dotted(root, path)
        own = layer(root, module)
        for imported in imports(root, path):
            theirs = layer(root, imported)
            if theirs is not None and theirs != own and theirs[0] >= own[0]:
                broken.append(f"{module} imports {imported}, which does not stand below it")
            elif theirs == own and own[1] == "experiments" and imported != "experiments":
                broken.append(f"{module} imports the command {imported}")
    return broken


def modules_in_no_layer(root: Path) -> list[str]:
    """A folder of `experiments` or `demo` that no line names would pass for commands, or for the page."""
    return [
        f"{dotted(root, path)} is in a folder that is in no layer"
        for path in modules(root, "experiments", "demo")
        if path.parent.parent != root and layer(root, dotted(root, path))[1] in ("experiments", "demo")
    ]


def circles_of_imports(root: Path) -> list[str]:
    files = {}
    for path in modules(root):
        known = {imported for imported in imports(root, path, for_types=False) if imported.split(".")[0] in PACKAGES}
        files[dotted(root, path)] = known - {dotted(root, path)}
    try:
        TopologicalSorter(files).prepare()
    except CycleError as error:
        return [" imports ".join(reversed(error.args[1]))]
    return []


def packages_of_the_app(root: Path) -> list[str]:
    return [
        f"{dotted(root, path)} imports {imported}"
        for path in modules(root, "seg", "experiments")
        for imported in imports(root, path)
        if imported.split(".")[0] in ONLY_IN_THE_APP
    ]


def long_modules(root: Path) -> list[str]:
    files = [*modules(root), *(root / "demo").rglob("*.js")]
    lengths = {path.relative_to(root): len(path.read_text().splitlines()) for path in files}
    return [f"{path} has {lines} lines" for path, lines in lengths.items() if lines > MODULE_LINES]


def full_folders(root: Path) -> list[str]:
    counts: dict[Path, int] = {}
    for path in modules(root):
        if path.parent != root / "experiments":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    return [f"{path.name} has {count} modules" for path, count in counts.items() if count > FOLDER_MODULES]


def long_functions(root: Path) -> list[str]:
    broken = []
    for path in [*modules(root), root / "app.py"]:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                allowed = node in tree.body and (path.relative_to(root).as_posix(), node.name) in LONG_FUNCTIONS
                if lines > FUNCTION_LINES and not allowed:
                    broken.append(f"{dotted(root, path)}.{node.name} has {lines} lines")
    return broken


# What breaks each rule, and what it says then
BREAKS: dict[Callable[[Path], list[str]], tuple[dict[str, str], str]] = {
    imports_against_the_layers: (
        {"experiments/store/runs.py": "from experiments.comparison.analysis import analyse\n"},
        "experiments.store.runs imports experiments.comparison.analysis, which does not stand below it",
    ),
    circles_of_imports: (
        {"seg/a.py": "import seg.b\n", "seg/b.py": "def f():\n    from seg.a import g\n"},
        "seg.a imports seg.b imports seg.a",
    ),
    packages_of_the_app: (
        {"experiments/store/late.py": "def f():\n    import gradio as gr\n"},
        "experiments.store.late imports gradio",
    ),
    modules_in_no_layer: (
        {"experiments/zebra/stripes.py": ""},
        "experiments.zebra.stripes is in a folder that is in no layer",
    ),
    long_modules: ({"demo/page.py": "\n" * 301}, "demo/page.py has 301 lines"),
    full_folders: ({f"experiments/store/m{number}.py": "" for number in range(13)}, "store has 13 modules"),
    long_functions: (
        {"seg/long.py": "def train():\n" + "    x = 1\n" * 60},
        "seg.long.train has 61 lines",
    ),
}
TWO_TABS = {"demo/one/tab.py": "", "demo/two/tab.py": ""}
MORE_BREAKS = [
    (
        imports_against_the_layers,
        {"seg/a.py": "import demo.page\n"},
        "seg.a imports demo.page, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"experiments/cli/a.py": "def f():\n    from experiments import run\n", "experiments/run.py": ""},
        "experiments.cli.a imports experiments.run, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"experiments/reporting/a.py": "import experiments.training.b\n", "experiments/training/b.py": ""},
        "experiments.reporting.a imports experiments.training.b, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"experiments/compare.py": "from experiments.report import main\n", "experiments/report.py": ""},
        "experiments.compare imports the command experiments.report",
    ),
    (
        imports_against_the_layers,
        {"demo/one/parts/draw.py": "from demo.two import cards\n", "demo/two/cards.py": "", **TWO_TABS},
        "demo.one.parts.draw imports demo.two.cards, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"demo/figures/by_epoch.py": "import demo.one.tab\n", **TWO_TABS},
        "demo.figures.by_epoch imports demo.one.tab, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"seg/a.py": "from importlib import import_module\nimport_module('experiments.run')\n"},
        "seg.a imports experiments.run, which does not stand below it",
    ),
    (
        imports_against_the_layers,
        {"seg/a.py": "from tests.conftest import NARROW\n"},
        "seg.a imports tests.conftest, which does not stand below it",
    ),
    (
        circles_of_imports,
        {
            "seg/a.py": "if TYPE_CHECKING:\n    import seg.b\nelse:\n    import seg.b\n",
            "seg/b.py": "import seg.a\n",
        },
        "seg.a imports seg.b imports seg.a",
    ),
    (long_modules, {"demo/js/page.js": "\n" * 301}, "demo/js/page.js has 301 lines"),
    (
        long_functions,
        {"seg/training/__init__.py": "class Loop:\n    def train(self):\n" + "        x = 1\n" * 60},
        "seg.training.train has 61 lines",
    ),
    (packages_of_the_app, {"seg/a.py": "from plotly import graph_objects\n"}, "seg.a imports plotly"),
]


@pytest.mark.parametrize("rule", BREAKS, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule):
    assert rule(PROJECT) == []


@pytest.mark.parametrize(
    ("rule", "files", "said"),
    [*((rule, *broken) for rule, broken in BREAKS.items()), *MORE_BREAKS],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_project_that_breaks_the_rule_is_told(tmp_path, rule, files, said):
    for name, text in {"app.py": "", **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    told = rule(tmp_path)
    rotated = {told_line for line in told for told_line in _rotations(line)}
    assert said in rotated and len(told) == 1


def _rotations(line: str) -> set[str]:
    """A circle of imports begins anywhere."""
    names = line.split(" imports ")
    if names[0] != names[-1] or len(names) < 3:
        return {line}
    circle = names[:-1]
    return {" imports ".join([*circle[i:], *circle[:i], circle[i]]) for i in range(len(circle))}
