"""The folder of a Space: what is in it, what of it goes by LFS, and that nothing of a person's is touched."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from experiments import space
from experiments.cli.command_line import RESULTS

PROJECT = Path(__file__).parents[2]
README = """---
title: Small
sdk: gradio
---

# Small

![Here](docs/here.png) and [there](https://example.org/x.md#part)

![Gone](docs/gone.png)

See [the tour](docs/tour.md).

## Run it

In a terminal.

## Results

As [the sun](RESULTS.md#top) shows.

It works, [as is](LICENSE#mit).
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The Space of this project."""
    out = tmp_path_factory.mktemp("built") / "space"
    assert space.main([str(out), "--repo", "ann/pets"]) == 0
    return out


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    """A checkout of a small project, which is not git's."""
    root = tmp_path / "small"
    files = {
        "README.md": README,
        "RESULTS.md": "",
        "LICENSE": "MIT",
        "requirements.txt": "torch>=2.11,<3\n",
        "pyproject.toml": "",
        "docs/tour.md": "",
        "docs/here.png": "a picture",
        "seg/__init__.py": "",
        "seg/__pycache__/x.pyc": "",
        "seg/.hidden": "",
        "experiments/large.csv": "1,2\n",
        "demo/a b.css": "",
        "tests/test_x.py": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "docs" / "here.png").write_bytes(b"\x89PNG\0")
    monkeypatch.setattr(space, "ROOT", root)
    return root


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def attribute(folder: Path, names: list[str]) -> dict[str, str]:
    """What git itself says of each file's filter."""
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    asked = subprocess.run(
        ["git", "check-attr", "-z", "--stdin", "filter"],
        cwd=folder,
        input="\0".join(names),
        capture_output=True,
        text=True,
        check=True,
    )
    told = asked.stdout.split("\0")
    return dict(zip(told[0::3], told[2::3], strict=False))


def test_it_holds_what_the_app_needs_and_nothing_else(small, tmp_path):
    out = tmp_path / "out"
    assert space.main([str(out)]) == 0
    assert files_of(out) == {
        ".borderline-space",
        ".gitattributes",
        "LICENSE",
        "README.md",
        "app.py",
        "demo/a b.css",
        "docs/here.png",
        "experiments/large.csv",
        "requirements.txt",
        "seg/__init__.py",
    }
    for name in ("LICENSE", "docs/here.png", "experiments/large.csv"):
        assert (out / name).read_bytes() == (small / name).read_bytes()


def git(folder: Path, *command: str) -> None:
    person = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "-C", folder, *person, *command], check=True, capture_output=True)


def test_of_a_checkout_that_git_keeps_what_it_ignores_stays_here_and_what_is_not_committed_is_told(
    small, tmp_path, command
):
    (small / ".gitignore").write_text("private*\n")
    (small / "seg" / "private.txt").write_text("mine")
    (small / "seg" / "gone.py").write_text("")
    git(small, "init", "-q")
    git(small, "add", ".")
    git(small, "commit", "-qm", "all")
    ended = command(space, tmp_path / "clean")
    assert ended.status == 0
    assert "committed" not in ended.err
    assert "seg/gone.py" in files_of(tmp_path / "clean")
    (small / "seg" / "gone.py").unlink()
    (small / "seg" / "\u00e9 new.py").write_text("")
    (small / "demo" / "a b.css").write_text("p {}")
    (small / "tests" / "test_new.py").write_text("")
    ended = command(space, tmp_path / "out")
    assert ended.status == 0
    (said,) = (line for line in ended.err.splitlines() if "committed" in line)
    assert said == "not committed, and taken as they are here: demo/a b.css, seg/\u00e9 new.py"
    copied = {"demo/a b.css", "experiments/large.csv", "seg/__init__.py", "seg/\u00e9 new.py"}
    assert {name for name in files_of(tmp_path / "out") if name.startswith(("seg/", "experiments/", "demo/"))} == copied
    assert (tmp_path / "out" / "demo" / "a b.css").read_text() == "p {}"


def test_where_git_does_not_answer_it_is_told_in_one_line(small, tmp_path, command):
    (small / ".git").write_text("gitdir: nowhere\n")
    ended = command(space, tmp_path / "out")
    assert ended.status == 2
    assert "git does not say what of" in ended.error
    assert not (tmp_path / "out").exists()


def test_the_spaces_entry_point_is_the_projects(built):
    assert (built / "app.py").read_bytes() == (PROJECT / "app.py").read_bytes()


def test_of_readme_nothing_leads_to_what_is_not_there(small, tmp_path):
    space.main([str(tmp_path / "out")])
    text = (tmp_path / "out" / "README.md").read_text()
    assert text.startswith("---\ntitle: Small\nsdk: gradio\n---\n\n# Small\n")
    assert "![Here](docs/here.png) and [there](https://example.org/x.md#part)" in text
    assert text.endswith("## Results\n\nIt works, [as is](LICENSE#mit).\n")
    for gone in ("Gone", "tour", "Run it", "terminal", "sun"):
        assert gone not in text


def test_front_matter_has_a_picture_where_the_spaces_name_is_known(small, tmp_path):
    def front_matter(name: str) -> dict:
        return yaml.safe_load((tmp_path / name / "README.md").read_text().split("---\n")[1])

    space.main([str(tmp_path / "named"), "--repo", "ann/pets"])
    space.main([str(tmp_path / "unnamed")])
    picture = "https://huggingface.co/spaces/ann/pets/resolve/main/demo/header/link_picture.jpg"
    assert front_matter("named") == {"title": "Small", "sdk": "gradio", "thumbnail": picture}
    assert front_matter("unnamed") == {"title": "Small", "sdk": "gradio"}


def test_large_files_and_those_that_are_no_text_go_by_lfs(small, tmp_path):
    (small / "experiments" / "large.csv").write_text("1,2\n" * 2_500_001)
    (small / "seg" / "table").write_bytes(b"\xff\xfe")
    out = tmp_path / "out"
    space.main([str(out)])
    filters = attribute(out, sorted(files_of(out)))
    by_lfs = {name for name, value in filters.items() if value == "lfs"}
    assert by_lfs == {"experiments/large.csv", "seg/table", "docs/here.png"}


def test_this_projects_space_obeys_the_hubs_rules(built):
    names = sorted(files_of(built))
    filters = attribute(built, names)
    for name in names:
        content = (built / name).read_bytes()
        if filters[name] != "lfs":
            assert len(content) < 10 * 2**20, name
            assert b"\0" not in content, name
            content.decode()
    for run in RESULTS.iterdir():
        assert (built / "experiments" / "results" / run.name / "run.json").is_file()
    assert sum(name.endswith("model.safetensors") for name in names) == 3
    assert {name.partition("/")[0] for name in names if "/" in name} - {".git"} == {
        "seg",
        "experiments",
        "demo",
        "docs",
    }


def test_readme_tells_the_size(built):
    told = re.search(r"^OUT has (\d+) MB", (PROJECT / "README.md").read_text(), re.MULTILINE)
    size = sum((built / name).stat().st_size for name in (built / ".borderline-space").read_text().splitlines())
    assert abs(int(told[1]) - size / 1e6) < 1


def test_this_projects_readme_is_a_spaces(built):
    text = (built / "README.md").read_text()
    described = yaml.safe_load(text.split("---\n")[1])
    assert described["sdk"] == "gradio"
    assert (built / described["app_file"]).is_file()
    assert len(described["short_description"]) <= 60
    assert described["tags"]
    assert described["datasets"] == ["timm/oxford-iiit-pet"]
    assert (built / described["thumbnail"].partition("/resolve/main/")[2]).is_file()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]
    assert len(links) == 4
    for link in links:
        assert (built / link).is_file()
    assert "## Results" in text
    assert "## Train" not in text


def test_it_needs_what_the_project_needs(small, tmp_path):
    space.main([str(tmp_path / "out")])
    assert (tmp_path / "out" / "requirements.txt").read_text() == "torch>=2.11,<3\n"


def test_it_says_the_size_and_two_commands_that_the_hubs_tool_knows(small, tmp_path, capsys):
    out = tmp_path / "out"
    space.main([str(out), "--repo", "ann/pets"])
    first, *commands = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{out}: {len(files_of(out))} files, 0 MB.")
    assert len(commands) == 2
    assert shlex.split(commands[1])[:5] == ["hf", "upload", "ann/pets", str(out), "."]
    tool = Path(sys.executable).with_name("hf")
    for command in commands:
        # an option that it does not know comes before its help
        subprocess.run([tool, *shlex.split(command)[1:], "--help"], check=True, capture_output=True)


def test_what_a_person_has_is_left_alone(small, tmp_path, command):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    for options in ([], ["--overwrite"]):
        refused = command(space, out, *options)
        assert refused.status == 2
        assert files_of(out) == {"mine.txt"}
    assert "not written by this command" in refused.error


def test_only_what_an_earlier_call_wrote_is_replaced(small, tmp_path, command):
    out = tmp_path / "out"
    assert command(space, out).status == 0
    (out / "mine.txt").write_text("mine")
    (out / "demo" / "mine.txt").write_text("mine")
    (out / "app.py").write_text("print('older')\n")
    assert "pass --overwrite" in command(space, out).error
    (small / "seg" / "new.py").write_text("")
    shutil.rmtree(small / "docs")
    assert command(space, out, "--overwrite").status == 0
    assert (out / "app.py").read_text() == (PROJECT / "app.py").read_text()
    assert {"mine.txt", "demo/mine.txt", "seg/new.py"} < files_of(out)
    assert not (out / "docs").exists()
    # a file of a person's that would be written over
    (small / "mine.txt").write_text("")
    (small / "demo" / "mine.txt").write_text("of the project")
    assert "mine.txt was not written by this command: move it away" in command(space, out, "--overwrite").error
    assert (out / "demo" / "mine.txt").read_text() == "mine"
    assert (out / "app.py").is_file()


def test_a_list_that_names_files_elsewhere_deletes_none_of_them(small, tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere.txt"
    elsewhere.write_text("mine")
    space.main([str(out)])
    with open(out / ".borderline-space", "a") as file:
        file.write("../elsewhere.txt\n")
    assert space.main([str(out), "--overwrite"]) == 0
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--repo", "pets"], "pets is no name of a Space: give USER/NAME"), (["--colour"], "--colour")],
)
def test_a_wrong_option_is_one_line(tmp_path, command, options, said):
    ended = command(space, tmp_path / "out", *options)
    assert ended.status == 2
    assert said in ended.error
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_is_one_line(small, tmp_path, command):
    (tmp_path / "file").write_text("")
    assert command(space, tmp_path / "file").error.endswith("give another folder")


def test_what_is_neither_a_checkout_nor_installed_is_told(small, tmp_path, command, monkeypatch):
    def missing(name: str):
        raise space.PackageNotFoundError(name)

    (small / "pyproject.toml").unlink()
    monkeypatch.setattr(space, "distribution", missing)
    assert "is neither a checkout nor an installed package" in command(space, tmp_path / "out").error
