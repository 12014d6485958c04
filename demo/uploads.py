"""What a page sends of its own accord: files that it uploaded, numbers."""

from pathlib import Path

from gradio.utils import get_upload_folder

from seg import InputError


def uploaded_file(path: object) -> Path:
    """A file that a page has sent to this server.

    Raises:
        InputError: any other file.
    """
    file = Path(str(path)).resolve()
    if not file.is_relative_to(Path(get_upload_folder()).resolve()) or not file.is_file():
        raise InputError("That file was not uploaded here: choose it again.")
    return file


def whole_number(value: object) -> int:
    """A number that a page has sent.

    Raises:
        InputError: it is none.
    """
    if not isinstance(value, int | float):
        raise InputError(f"{value} is no number: reload the page.")
    return int(value)
