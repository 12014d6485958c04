"""A newcomer's first lines in new environments: README's line for the app, and the project as an installed package."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from playwright.sync_api import Page, expect

from tests.archive_server import ELSEWHERE, pack, serving

pytestmark = pytest.mark.long

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()

USE = """
import json, sys
from pathlib import Path

import experiments, seg
from PIL import Image
from seg.inference import Segmenter

weights = Path(experiments.__file__).parent / "results" / "ce-s0" / "model.safetensors"
mask = Segmenter.load(weights).predict(Image.open(sys.argv[1])).mask
print(json.dumps([seg.__file__, mask.shape, mask.tobytes().hex()[:2000]]))
"""


def run(*command: object, **settings) -> str:
    """What a command prints; it has to succeed."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, **settings)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="session")
def clone(tmp_path_factory) -> Path:
    """What is committed or about to be: the files that git knows, without what lies beside them on this machine."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a clone: git tells which files are the project's")
    root = tmp_path_factory.mktemp("clone")
    for name in run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=PROJECT).splitlines():
        if (PROJECT / name).is_file():  # not one that is deleted, and not committed yet
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, root / name)
    return root


@pytest.fixture(scope="session")
def fresh_python(tmp_path_factory) -> Iterator[Path]:
    """The Python of a new environment with what requirements.txt names; gone at the end, for it takes gigabytes."""
    root = tmp_path_factory.mktemp("requirements")
    venv.create(root, with_pip=True)
    python = root / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-r", PROJECT / "requirements.txt")
    yield python
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def wheel(clone, fresh_python, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(fresh_python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ".", cwd=clone)
    (built,) = folder.glob("borderline-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, fresh_python, tmp_path_factory) -> Path:
    """The Python of an environment in which the wheel is installed over what `fresh_python` has."""
    root = tmp_path_factory.mktemp("installed")
    venv.create(root / "venv", with_pip=False)
    python = root / "venv" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own, shared = (Path(run(each, "-c", where).strip()) for each in (python, fresh_python))
    (own / "shared.pth").write_text(f"{shared}\n")
    # were a requirement missing or too old there, this would be no second's work
    run(fresh_python, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", wheel)
    return python


def listed(*files: str) -> set[str]:
    """What these requirements files name themselves."""
    lines = [line for file in files for line in (PROJECT / file).read_text().splitlines()]
    return {canonical(Requirement(line)) for line in lines if line and line[0] not in "#-"}


def canonical(need: Requirement) -> str:
    return f"{need.name.lower()}[{','.join(sorted(need.extras))}]{need.specifier}"


def test_the_wheel_holds_the_packages_whole_and_nothing_else(wheel, clone):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert names == {name for name in files if name.startswith(("seg/", "experiments/", "demo/"))}


@pytest.mark.parametrize(
    ("extra", "files"),
    [
        ("", ["requirements.txt"]),
        ("mcp", ["requirements-mcp.txt"]),
        ("export", ["requirements-export.txt"]),
        ("dev", ["requirements-mcp.txt", "requirements-export.txt", "requirements-dev.txt"]),
    ],
)
def test_the_wheel_needs_what_the_requirements_files_name(wheel, extra, files):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = message_from_bytes(archive.read(name)).get_all("Requires-Dist")
    needs = [Requirement(text) for text in told]
    wanted = f'extra == "{extra}"' if extra else "None"
    assert {canonical(need) for need in needs if str(need.marker) == wanted} == listed(*files)


def test_the_changelog_begins_with_the_version(wheel):
    first = re.search(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert wheel.name.startswith(f"borderline-{first}-")


def test_readme_tells_the_size_of_the_wheel(wheel):
    told = re.search(r"wheel of (\d+) MB", README)
    assert told is not None
    assert abs(int(told[1]) - wheel.stat().st_size / 1e6) < 1


def test_the_installed_package_segments_as_the_checkout_does(installed, clone, tmp_path):
    sample = run(installed, "-c", "import skimage; print(skimage.__path__[0])").strip() + "/data/chelsea.png"
    told = json.loads(run(installed, "-c", USE, sample, cwd=tmp_path))
    assert not Path(told[0]).is_relative_to(PROJECT)
    here = json.loads(run(sys.executable, "-c", USE, sample, cwd=clone))
    assert told[1:] == here[1:]


def test_commands_of_the_installed_package_read_its_shipped_runs(installed, tmp_path):
    compared = run(installed, "-m", "experiments.compare", "--json", cwd=tmp_path)
    assert {"ce-s0", "weighted-s0", "focal-s0"} <= {run["name"] for run in json.loads(compared)["runs"]}


@pytest.fixture
def borderline(installed) -> Path:
    """The command that pip made of the wheel."""
    return installed.with_name("borderline")


def test_the_command_lists_its_subcommands_and_its_version(borderline, wheel, tmp_path):
    printed = run(borderline, cwd=tmp_path)
    listed = set(re.findall(r"^  (\w+) ", printed, re.MULTILINE))
    assert listed >= {
        "app",
        "run",
        "segment",
        "compare",
        "evaluate",
        "sweep",
        "report",
        "benchmark",
        "fetch",
        "measure",
        "export",
    }
    assert run(borderline, "--version", cwd=tmp_path) == f"borderline {wheel.name.split('-')[1]}\n"
    for name in sorted(listed):
        assert run(borderline, name, "--help", cwd=tmp_path).startswith(f"usage: borderline {name} ")
    mistyped = subprocess.run([borderline, "segmnet"], capture_output=True, text=True)
    assert (mistyped.returncode, mistyped.stderr.count("\n")) == (2, 1)
    assert "did you mean segment?" in mistyped.stderr


def test_the_command_trains_scores_and_segments_in_any_folder(borderline, installed, clone, tiny_pets, tmp_path):
    small = ["--epochs", "1", "--size", "32", "--batch-size", "6", "--device", "cpu"]
    told = run(borderline, "run", "--loss", "ce", "--data", tiny_pets, *small, cwd=tmp_path)
    assert "See it with `borderline app`, compare it with `borderline compare`." in told
    assert (tmp_path / "runs" / "ce-s0" / "model.safetensors").is_file()
    assert "border_f1" in run(borderline, "evaluate", "runs/ce-s0", "--data", tiny_pets, cwd=tmp_path)
    photo = tiny_pets / "oxford-iiit-pet" / "images" / "pug_1.jpg"
    run(borderline, "segment", photo, "--run", "weighted-s0", "--device", "cpu", cwd=tmp_path)
    run(
        sys.executable,
        "-m",
        "experiments.segment",
        photo,
        "--run",
        "weighted-s0",
        "--out",
        tmp_path / "here",
        cwd=clone,
    )
    masks = [(tmp_path / folder / "pug_1-weighted-s0-mask.png").read_bytes() for folder in ("segments", "here")]
    assert masks[0] == masks[1]


def test_the_command_starts_the_app(borderline, installed, free_port, tmp_path):
    port = free_port()
    command = [borderline, "app", "--port", port]
    assert {"ce-s0", "weighted-s0", "focal-s0"} <= runs_served(command, port, installed, tmp_path, dict(os.environ))


def runs_served(command: list, port: int, python: Path, cwd: Path, environment: dict[str, str]) -> set[str]:
    """The names of the runs with weights that an app says it has, which the command starts on this port."""
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            for printed in process.stdout:
                if "Running on local URL" in printed:
                    break
            else:
                pytest.fail("the app ended before it ran")
            asked = "import json, sys; from gradio_client import Client; c = Client(sys.argv[1], verbose=False); "
            asked += "print(json.dumps([run['name'] for run in c.predict(api_name='/runs') if run['has_checkpoint']]))"
            return set(json.loads(run(python, "-c", asked, f"http://127.0.0.1:{port}")))
        finally:
            process.terminate()


def test_readmes_line_starts_the_app_in_a_fresh_clone(clone, fresh_python, free_port):
    port = free_port()
    (line,) = re.findall(r"^pip install -r requirements\.txt && python app\.py$", README, re.MULTILINE)
    environment = os.environ | {"PATH": f"{fresh_python.parent}:{os.environ['PATH']}"}
    environment.pop("PETS_DATA", None)
    command = ["bash", "-c", f"{line.replace('&& ', '&& exec ')} --port {port}"]
    assert {"ce-s0", "weighted-s0", "focal-s0"} <= runs_served(command, port, fresh_python, clone, environment)


# ---- the folder of a Space


@pytest.fixture(scope="session")
def space(clone, tmp_path_factory) -> Path:
    """A Space as it is written in a clone that is not git's."""
    out = tmp_path_factory.mktemp("space") / "out"
    run(sys.executable, "-m", "experiments.space", out, cwd=clone)
    return out


def test_a_space_needs_what_the_project_needs(space, fresh_python):
    told = run(fresh_python, "-m", "pip", "install", "--dry-run", "--no-index", "-r", space / "requirements.txt")
    assert "Would install" not in told


@pytest.fixture(scope="session")
def space_url(space, fresh_python, real_pets, tmp_path_factory, free_port) -> Iterator[str]:
    """The Space, started as Hugging Face does, with the dataset's server on this machine."""
    served, code, port = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("code"), free_port()
    pack(real_pets, served)
    with serving(served) as server:
        (code / "sitecustomize.py").write_text(ELSEWHERE.format(resources=server.resources))
        environment = os.environ | {"SPACE_ID": "ann/pets", "PYTHONPATH": f"{code}:{space}", "no_proxy": "127.0.0.1"}
        environment.pop("PETS_DATA", None)
        printed = code / "printed"
        command = [fresh_python, "app.py", "--port", str(port)]
        # a file: a pipe that nobody reads would fill up, and stop the app
        with open(printed, "w") as file:
            process = subprocess.Popen(command, cwd=space, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            while "Running on local URL" not in printed.read_text():
                assert process.poll() is None, printed.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_a_space_gets_the_photos_and_every_tab_has_them(space_url, chromium):
    """In real Chromium: no script fails or complains, and no photo is missing once they are here."""
    complaints: list[str] = []
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{space_url}/?tab=watch")
    banner = page.get_by_test_id("fetch-photos")
    expect(banner.get_by_role("button")).to_have_count(0)  # it began by itself
    expect(banner).to_be_hidden(timeout=120_000)
    walk(page)
    page.close()
    assert complaints == []


def walk(page: Page) -> None:
    """Look at each tab as a visitor does."""
    grid = page.get_by_test_id("watch-grid")
    # once the photos are here; a banner that is not there yet is hidden, too
    expect(page.get_by_role("radio", name="Errors")).to_be_enabled(timeout=120_000)
    # only what is on the screen is drawn
    page.set_viewport_size({"width": 1440, "height": 4000})
    # all of the probe: the scores of a tile need its label
    expect(grid.get_by_role("listitem").filter(has_text="F1")).to_have_count(21)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("tab", name="Failures").click()
    gallery = page.get_by_test_id("gallery")
    expect(gallery.locator("img").first).to_be_visible()
    gallery.get_by_role("option").first.click()
    expect(page.get_by_test_id("failures-photo").locator("canvas").first).to_be_visible()
    expect(page.get_by_text("This photo is not here")).to_have_count(0)
    page.get_by_role("tab", name="Which loss?").click()
    # the first time in a new environment, on a machine that does other things
    expect(page.get_by_test_id("verdict")).to_contain_text("cross-entropy", timeout=60_000)
    expect(page.get_by_role("img", name=re.compile("^Border F1 by epoch.*Focal loss")).first).to_be_visible()
    page.get_by_role("tab", name="Try").click()
    expect(page.get_by_test_id("stage")).to_contain_text("all 3 networks agree on", timeout=120_000)


def test_an_installed_package_writes_a_space_too(installed, clone, tmp_path):
    out = tmp_path / "out"
    run(installed, "-m", "experiments.space", out, cwd=tmp_path)
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    files = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    made = {".borderline-space", ".gitattributes", "README.md", "requirements.txt", "app.py", "LICENSE", "CITATION.cff"}
    assert names == made | {name for name in files if name.startswith(("seg/", "experiments/", "demo/"))}
    lines = {canonical(Requirement(line)) for line in (out / "requirements.txt").read_text().splitlines()}
    assert lines == listed("requirements.txt")
    assert (out / "README.md").read_text().startswith("---\ntitle: Borderline\n")
    run(installed, "app.py", "--help", cwd=out)
