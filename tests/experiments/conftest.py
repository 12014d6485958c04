"""Run a command as a person does, without a new process for each."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pytest

from experiments.command_line import run_command


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The only line on stderr, progress bars aside."""
        lines = [line for line in self.err.splitlines() if line.strip() and "it/s" not in line and "| " not in line]
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def command(capsys) -> Callable[..., Ended]:
    """`command(module, *options)` does what `python -m module *options` does, in this process."""

    def run(module: ModuleType, *options: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run_command(lambda _: module.main([str(option) for option in options]))
        printed = capsys.readouterr()
        return Ended(ended.value.code, printed.out, printed.err)

    return run
