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
    ("experiments.scores",),
    ("experiments.cli",),
    ("experiments.store",),
    ("experiments.comparison",),
    ("experiments.reporting", "experiments.training", "experiments.benchmarks"),
    ("experiments",),  # the commands
    ("demo",),
    ("app",),
    ("tools",),
)
# `seg` and `experiments` work where these are not installed
ONLY_IN_THE_APP = {"gradio", "plotly", "playwright"}
# Folders of `demo` that are a tab each
TAB = "tab.py"

MODULE_LINES, FUNCTION_LINES, FOLDER_MODULES = 300, 60, 12
# One reads it from top to bottom
LONG_FUNCTIONS = {("seg/training.py", "train")}


def modules(root: Path, *packages: str) -> list[Path]:
    return sorted(path for package in packages or PACKAGES for path in (root / package).rglob("*.py"))


def dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports(root: Path, path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it; of the project's own the files, not the names inside them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            for alias in node.names:
                inside = root / Path(*node.module.split("."), alias.name)
                module = inside.with_suffix(".py").is_file() or (inside / "__init__.py").is_file()
                yield f"{node.module}.{alias.name}" if module else node.module


def only_for_types(path: Path) -> set[str]:
    """The modules that a file imports for the type checker alone."""
    guarded = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]
    return {
        inner.module
        for node in guarded
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom) and inner.module is not None
    }


def layer(module: str) -> tuple[int, str] | None:
    """The line of LAYERS that a module stands in and its name there, the longest that begins the module's own."""
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
        own = layer(module)
        for imported in imports(root, path):
            theirs = layer(imported)
            if theirs is not None and theirs != own and theirs[0] >= own[0]:
                broken.append(f"{module} imports {imported}, which does not stand below it")
            elif theirs == own and own[1] == "experiments" and imported != "experiments":
                broken.append(f"{module} imports the command {imported}")
    return broken


def circles_of_imports(root: Path) -> list[str]:
    """Also between folders: what two of them import from each other belongs in a third."""
    files, folders = {}, {}
    for path in modules(root):
        module = dotted(root, path)
        known = {
            imported
            for imported in imports(root, path)
            if imported.split(".")[0] in PACKAGES and imported not in only_for_types(path)
        }
        files[module] = known - {module}
        for imported in known:
            target = root / Path(*imported.split("."))
            theirs = folder(root, target / "__init__.py" if target.is_dir() else target)
            # the folder that holds others is not a room of its own: page and tabs, commands and what they call
            if theirs != folder(root, path) and "/" in theirs and "/" in folder(root, path):
                folders.setdefault(folder(root, path), set()).add(theirs)
    broken = []
    for graph in (files, folders):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            broken.append(" imports ".join(reversed(error.args[1])))
    return broken


def packages_of_the_app(root: Path) -> list[str]:
    return [
        f"{dotted(root, path)} imports {imported}"
        for path in modules(root, "seg", "experiments")
        for imported in imports(root, path)
        if imported.split(".")[0] in ONLY_IN_THE_APP
    ]


def tabs_that_import_tabs(root: Path) -> list[str]:
    tabs = {path.parent.name for path in (root / "demo").glob(f"*/{TAB}")}
    return [
        f"{dotted(root, path)} imports {imported}: what two tabs share is not in a tab's folder"
        for path in modules(root, "demo")
        for imported in imports(root, path)
        if imported.startswith("demo.")
        and imported.split(".")[1] in tabs
        and path.parent.name in tabs - {imported.split(".")[1]}
    ]


def long_modules(root: Path) -> list[str]:
    lengths = {path: len(path.read_text().splitlines()) for path in modules(root, "experiments", "demo")}
    return [f"{dotted(root, path)} has {lines} lines" for path, lines in lengths.items() if lines > MODULE_LINES]


def full_folders(root: Path) -> list[str]:
    counts: dict[Path, int] = {}
    for path in modules(root, "seg", "experiments", "demo", "tools"):
        if path.parent != root / "experiments":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    return [f"{path.name} has {count} modules" for path, count in counts.items() if count > FOLDER_MODULES]


def long_functions(root: Path) -> list[str]:
    broken = []
    for path in [*modules(root), root / "app.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                allowed = (path.relative_to(root).as_posix(), node.name) in LONG_FUNCTIONS
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
    tabs_that_import_tabs: (
        {"demo/one/tab.py": "from demo.two.cards import draw\n", "demo/two/tab.py": "", "demo/two/cards.py": ""},
        "demo.one.tab imports demo.two.cards: what two tabs share is not in a tab's folder",
    ),
    long_modules: ({"demo/page.py": "\n" * 301}, "demo.page has 301 lines"),
    full_folders: ({f"experiments/store/m{number}.py": "" for number in range(13)}, "store has 13 modules"),
    long_functions: (
        {"seg/long.py": "def train():\n" + "    x = 1\n" * 60},
        "seg.long.train has 61 lines",
    ),
}
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
        circles_of_imports,
        {
            "demo/a/x.py": "import demo.b.x\n",
            "demo/b/x.py": "",
            "demo/b/y.py": "from demo.a import y\n",
            "demo/a/y.py": "",
        },
        "demo/a imports demo/b imports demo/a",
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
