"""What commands are called by whoever typed this one."""

import sys
from pathlib import Path

# The command that `pip install .` gives
PROGRAM = "borderline"


def typed(command: str) -> str:
    """How to type a command: `borderline run` for a person who typed `borderline`, else `python -m experiments.run`.

    Args:
        command: a module of `experiments`, or `app`.
    """
    if Path(sys.argv[0]).stem.lower() == PROGRAM:  # on Windows borderline.exe
        return f"{PROGRAM} {command}"
    return "python app.py" if command == "app" else f"python -m experiments.{command}"
