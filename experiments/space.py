"""Write the folder of a Hugging Face Space that runs the app: `python -m experiments.space OUT`."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tqdm import tqdm

from experiments.cli.command_line import OneLineParser, run_command, writing
from experiments.cli.program import typed
from seg import InputError

ROOT = Path(__file__).parents[1]
PACKAGES = ("seg", "experiments", "demo")
# README's first part, up to the first heading, and these
SECTIONS = ("Results", "Licence and data")
PICTURE = "demo/header/link_picture.jpg"

# The Hub takes no larger file as it is, and none that is not text, whatever its size: those go by LFS, or Xet after it
LARGEST_PLAIN = 10_000_000
LFS = "filter=lfs diff=lfs merge=lfs -text"

# Of the files that are not committed
NAMED = 10

# What an earlier call wrote, which alone a later one replaces
LIST = ".borderline-space"

# app.py of the project, which an installed package has none of: tests hold the two equal
APP = '''\
"""Start the app: `python app.py`. Also the entry point on Hugging Face Spaces."""

from demo.command.serve import main
from experiments.cli.command_line import run_command

if __name__ == "__main__":
    run_command(main)
'''

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Project:
    """What a Space is made of, of a checkout or of an installed package.

    Attributes:
        root: the folder of the three packages.
        readme: README.md, with the front matter that Spaces read.
        requirements: what pip is to install, a line each.
        files: what lies below these packages and is the project's, by its place in `root`.
        others: further files by their place in the Space, where they are there.
    """

    root: Path
    readme: str
    requirements: str
    files: list[str]
    others: dict[str, Path]


def main(arguments: list[str] | None) -> int:
    """Write the folder and say how it is uploaded; 0."""
    options = _parser().parse_args(arguments)
    out: Path = options.out
    project = _checkout(ROOT) if (ROOT / "pyproject.toml").is_file() else _installed(ROOT)
    copied = dict(_copied(project))
    written = {
        "README.md": _readme(project.readme, copied, options.repo),
        "requirements.txt": project.requirements,
        "app.py": APP,
    }
    files = sorted([*copied, *written, ".gitattributes", LIST])
    with writing(out, "give another folder"):
        _clear(out, files, overwrite=options.overwrite)
        # before anything else: what a stopped call has written can be replaced, too
        _write(out / LIST, "".join(f"{name}\n" for name in files))
        for name, path in tqdm(copied.items(), desc="copying", unit="file"):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out / name)
        for name, text in written.items():
            _write(out / name, text)
        _write(out / ".gitattributes", _attributes(out, files))
        size = sum((out / name).stat().st_size for name in files)
    if open_work := [name for name in _not_committed(project.root) if name in files]:
        more = f" and {len(open_work) - NAMED} more" if len(open_work) > NAMED else ""
        print(f"not committed, and taken as they are here: {', '.join(open_work[:NAMED])}{more}", file=sys.stderr)
    print(f"{out}: {len(files)} files, {size / 1e6:.0f} MB. Once `hf auth login` knows you, these upload it:")
    repo = options.repo or "USER/NAME"
    print(f"  hf repos create {repo} --repo-type space --space-sdk gradio")
    print(f"  hf upload {repo} {out} . --repo-type space")
    return 0


def _checkout(root: Path) -> Project:
    """What a checkout has; where git keeps it, without what git is told to ignore."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    pictures = {link: root / link for link in _local_links(_shown(readme)) if (root / link).suffix != ".md"}
    others = {name: root / name for name in ("LICENSE", "CITATION.cff")} | pictures
    requirements = (root / "requirements.txt").read_text(encoding="utf-8")
    listed = ("ls-files", "--cached", "--others", "--exclude-standard")
    files = _git(root, *listed, "--", *PACKAGES) if _is_gits(root) else _below(root)
    return Project(root, readme, requirements, sorted(files), others)


def _is_gits(root: Path) -> bool:
    return (root / ".git").exists()


def _not_committed(root: Path) -> list[str]:
    """The files that are new or changed since the last commit; none outside git."""
    if not _is_gits(root):
        return []
    # two letters and a space before each
    return [line[3:] for line in _git(root, "status", "--porcelain", "--untracked-files=all", "--no-renames")]


def _git(root: Path, command: str, *options: str) -> list[str]:
    """The lines of an answer of git's.

    Raises:
        InputError: git is not there, or does not answer.
    """
    try:
        ended = subprocess.run(["git", "-C", root, command, "-z", *options], capture_output=True, check=True)
    except FileNotFoundError as error:
        raise InputError(f"{root} is git's, which says what of it is the project's: install git") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(os.fsdecode(error.stderr).split())
        raise InputError(f"git does not say what of {root} is the project's ({said}): mend that") from error
    return [line for line in os.fsdecode(ended.stdout).split("\0") if line]


def _below(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for package in PACKAGES for path in (root / package).rglob("*")]


def _installed(root: Path) -> Project:
    """What an installed package has: its description is README.md.

    Raises:
        InputError: it is no installed package.
    """
    try:
        package = distribution("borderline")
    except PackageNotFoundError as error:
        raise InputError(f"{root} is neither a checkout nor an installed package: run this in one of them") from error
    # those of the extras have a marker
    needs = [need for need in package.requires or [] if "extra ==" not in need]
    licences = {path.name: Path(str(path.locate())) for path in package.files or [] if path.parent.name == "licenses"}
    readme = str(package.metadata.get_payload())  # type: ignore[attr-defined]
    return Project(root, readme, "".join(f"{need}\n" for need in needs), sorted(_below(root)), licences)


def _copied(project: Project) -> Iterator[tuple[str, Path]]:
    """The files that are in the Space as they are here, by their place in it."""
    for name in project.files:
        path = project.root / name
        # not one that is deleted, and not committed yet
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in Path(name).parts):
            yield name, path
    yield from ((name, path) for name, path in sorted(project.others.items()) if path.is_file())


def _shown(readme: str) -> str:
    """What of README.md a Space shows."""
    first, *sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    return first + "".join(part for part in sections if part[3:].partition("\n")[0] in SECTIONS)


def _readme(readme: str, copied: dict[str, Path], repo: str | None) -> str:
    """A Space's README.md: without the paragraphs whose links lead to what is not in it."""
    paragraphs = [part for part in _shown(readme).split("\n\n") if all(link in copied for link in _local_links(part))]
    text = "\n\n".join(paragraphs).rstrip("\n") + "\n"
    if repo is None:
        return text
    # of the front matter, which the second line of dashes ends
    thumbnail = f"thumbnail: https://huggingface.co/spaces/{repo}/resolve/main/{PICTURE}\n"
    return text.replace("\n---\n", f"\n{thumbnail}---\n", 1)


def _local_links(text: str) -> list[str]:
    return [link.partition("#")[0] for link in _LINK.findall(text) if not link.startswith(("http:", "https:", "#"))]


def _attributes(out: Path, files: list[str]) -> str:
    """The lines of .gitattributes by which every file that the Hub does not take as it is goes by LFS."""
    kept = [name for name in files if name != ".gitattributes" and _goes_by_lfs(out / name)]
    patterns = {f"*{Path(name).suffix}" if Path(name).suffix else f"/{name}" for name in kept}
    return "".join(f"{pattern} {LFS}\n" for pattern in sorted(patterns))


def _goes_by_lfs(path: Path) -> bool:
    content = path.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return b"\0" in content or len(content) > LARGEST_PLAIN


def _clear(out: Path, files: list[str], *, overwrite: bool) -> None:
    """Make room: nothing but what an earlier call wrote is deleted.

    Raises:
        InputError: something else is in the way.
    """
    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    earlier = (out / LIST).read_text(encoding="utf-8").splitlines() if LIST in there else []
    if there and not overwrite:
        remedy = ", or pass --overwrite to replace it" if earlier else ""
        raise InputError(f"{out} is not empty: give a folder that is, or is not there{remedy}")
    if there and not earlier:
        raise InputError(f"{out} was not written by this command, so it is left alone: give another folder")
    foreign = [name for name in files if name not in earlier and (out / name).exists()]
    if foreign:
        raise InputError(f"{out / foreign[0]} was not written by this command: move it away")
    for name in earlier:
        if out.resolve() in (out / name).resolve().parents:
            (out / name).unlink(missing_ok=True)
    for folder in sorted({parent for name in earlier for parent in (out / name).parents}, reverse=True):
        if out in folder.parents and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _repo(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text} is no name of a Space: give USER/NAME")
    return text


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog=typed("space"),
        description="Write the folder of a Hugging Face Space that runs the app with the shipped runs, and say how it "
        "is uploaded. Nothing is sent.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write, empty or not there")
    parser.add_argument("--repo", type=_repo, metavar="USER/NAME", help="the Space's name, for its picture's address")
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier call wrote into OUT")
    return parser


if __name__ == "__main__":
    run_command(main)
