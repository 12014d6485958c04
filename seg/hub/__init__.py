"""Runs and weights in repositories of the Hugging Face Hub: an address becomes a folder in this machine's cache of it.

Nothing here imports torch, and huggingface_hub, which comes with Gradio, only where something is fetched.
"""

import re
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from seg import InputError

SCHEME = "hf://"
# The file of a run's folder that holds its weights
WEIGHTS = "model.safetensors"

# As the Hub's own tools write a repository's kind
_KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
_PART = r"[\w.-]*\w[\w.-]*"
_FORM = re.compile(
    rf"{SCHEME}(?:({'|'.join(_KINDS)})/)?({_PART}/{_PART})(?:@([^/@\s]+))?((?:/[^/]+)*)/?",
    re.ASCII,
)


@dataclass(frozen=True)
class Address:
    """What `hf://[KIND/]USER/NAME[@REVISION][/PATH]` names.

    Attributes:
        kind: `model`, `dataset` or `space`.
        repository: `USER/NAME`.
        revision: a branch, a tag or a commit; None for the main branch.
        path: of a folder or a file in it; empty for all of it.
    """

    kind: str
    repository: str
    revision: str | None
    path: str


def is_address(text: object) -> bool:
    """Whether this is meant for an address on the Hub, well formed or not."""
    return isinstance(text, str) and text.startswith(SCHEME)


def parse_address(text: str) -> Address:
    """What an address names.

    Raises:
        InputError: it is not of that form.
    """
    form = _FORM.fullmatch(text)
    parts = form[4].split("/")[1:] if form else []
    if form is None or {".", ".."} & {*parts, *form[2].split("/")}:
        raise InputError(f"{text} is not an address on the Hub: give {SCHEME}USER/NAME[@REVISION][/FOLDER]")
    return Address(_KINDS[form[1] or "models"], form[2], form[3], "/".join(parts))


def download(text: str, *, only: str | None = None) -> Path:
    """The folder, or the file, of this machine's cache that holds what an address names, fetched where it is not there.

    Files in it are links. Where the Hub does not answer, what was fetched earlier is taken.

    Args:
        only: the one file of an addressed folder that is needed, and is what is returned.

    Raises:
        InputError: the address is malformed, leads nowhere or to what is not this person's to see, or the Hub cannot be
            reached, or huggingface_hub is not installed.
    """
    address = parse_address(text)
    try:
        from huggingface_hub import errors, snapshot_download
    except ImportError as error:
        raise InputError(f"{text} needs one more package: pip install huggingface_hub") from error
    try:
        snapshot = snapshot_download(
            address.repository,
            repo_type=address.kind,
            revision=address.revision,
            allow_patterns=_patterns(address.path, only),
        )
    except errors.HFValidationError as error:
        raise InputError(f"{text} has no name that a repository on the Hub can have: give another address") from error
    except (OSError, errors.HTTPError) as error:
        raise InputError(_why(text, address, error)) from error
    wanted = "/".join(filter(None, (address.path, only)))
    if not (Path(snapshot) / wanted).exists():
        raise InputError(f"{text} leads to no run: {address.repository} has no {wanted}, so name a run's folder in it")
    return Path(snapshot) / wanted


def _patterns(path: str, only: str | None) -> list[str] | None:
    """What of a repository is fetched, as patterns whose stars pass slashes, too; None for all of it."""
    if only is not None:
        return [f"{escape(path)}/{only}" if path else only]
    return [escape(path), f"{escape(path)}/*"] if path else None


def _why(text: str, address: Address, error: Exception) -> str:
    """Why nothing came, and what to do about it, in one line."""
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    match error:
        case errors.GatedRepoError():
            return f"{text} is given to those alone who asked for it on its page: ask there, then run `hf auth login`"
        case errors.RepositoryNotFoundError():
            return f"{text} is not there, or is private: mend the address, or run `hf auth login` if you may see it"
        case errors.RevisionNotFoundError():
            return f"{text} is not there: {address.repository} has no {address.revision or 'main branch'}"
        case errors.LocalEntryNotFoundError():
            return f"{text} is not whole on this machine, and the Hub does not answer: try again with a network"
        case errors.HfHubHTTPError() if status in (401, 403):
            return f"{text} is refused by the Hub ({status}): run `hf auth login` with a token that may read it"
    return f"{text} did not arrive ({_first_line(error)}): try again, what is here is kept"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def find_weights(given: Path | str) -> Path:
    """The file of weights behind its own path, that of a run's folder, or an address of either on the Hub.

    Of a repository nothing else is fetched. A path that is none of the Hub need not be there.

    Raises:
        InputError: as `download`.
    """
    if isinstance(given, str) and is_address(given):
        is_file = parse_address(given).path.endswith(Path(WEIGHTS).suffix)
        return download(given, only=None if is_file else WEIGHTS)
    path = Path(given)
    return path / WEIGHTS if path.is_dir() else path


def cached_repository(folder: Path) -> str | None:
    """`USER/NAME` where this folder is all that was fetched of a repository's revision; None of any other folder."""
    kind, *names = folder.parents[1].name.split("--") if len(folder.parents) > 1 else [""]
    is_one = folder.parent.name == "snapshots" and kind in _KINDS
    return "/".join(names) if is_one else None
