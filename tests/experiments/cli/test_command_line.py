"""What every command shares."""

import re
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.command_line import (
    choose_device,
    latex_table,
    markdown_table,
    remedies,
    run_command,
    text_table,
    write_csv,
)
from seg import InputError

COMMANDS = ["run", "sweep", "compare", "evaluate", "fetch", "benchmark", "report"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_how_to_call_the_command_and_what_it_does(command, name):
    ended = command(import_module(f"experiments.{name}"), "--help")
    assert ended.status == 0
    assert ended.out.startswith(f"usage: python -m experiments.{name}")
    description = ended.out.split("\n\n")[1]
    assert description.endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_ends_in_one_line(command, name):
    ended = command(import_module(f"experiments.{name}"), "--dance", "CHECKPOINT")
    assert ended.status == 2
    assert ended.err.startswith(f"python -m experiments.{name}: ")
    assert len(ended.err.splitlines()) == 1


def test_auto_is_a_device_this_machine_has():
    torch.zeros(1, device=choose_device("auto"))
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["", "warp", "cpu:", "cpu:1", "cpu:-1", "cuda:1000", ":", "cuda:0:0"])
def test_a_device_this_machine_lacks_is_told_with_those_it_has(name):
    with pytest.raises(InputError, match="choose from auto, .*cpu"):
        choose_device(name)


CELLS = st.text(st.characters(max_codepoint=0x2FF, exclude_categories=["C", "Z"]), max_size=8)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(CELLS.filter(bool), min_size=width, max_size=width, unique=True),
        st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5),
    )
)


@given(TABLES, st.data())
def test_a_markdown_table_gives_back_its_cells_in_aligned_columns(table, data):
    header, rows = table
    words = data.draw(st.sets(st.sampled_from(header)))
    lines = markdown_table(header, rows, words=words).split("\n")
    assert len({len(line) for line in lines}) == 1
    read = [
        [re.sub(r"\\(.)", r"\1", cell).strip() for cell in re.findall(r"((?:[^|\\]|\\.)*)\|", line[1:])]
        for line in lines
    ]
    assert [read[0], *read[2:]] == [header, *rows]
    for title, rule in zip(header, read[1], strict=True):
        assert set(rule.strip(":")) == {"-"}
        assert (rule[0], rule[-1]) == ((":", "-") if title in words else ("-", ":"))


@pytest.mark.parametrize("name", ["<img src=x>", "\\<img src=x>", "\\\\<img src=x>", "[x](y)", "[x\\](y)", "a\\|b"])
def test_whatever_stands_before_it_markup_in_a_name_is_text(name):
    [*_, line] = markdown_table(["run"], [[name]], words=["run"]).split("\n")
    cell = line[2:-2].rstrip()
    for markup in re.finditer(r"[|<]|\](?=\()", cell):
        before = cell[: markup.start()]
        assert (len(before) - len(before.rstrip("\\"))) % 2 == 1


@given(TABLES, st.data())
def test_a_text_table_gives_back_its_cells_words_to_the_left_and_numbers_to_the_right(table, data):
    header, rows = table
    words = data.draw(st.sets(st.sampled_from(header)))
    head, rule, *lines = text_table(header, rows, words=words).split("\n")
    widths = [len(dashes) for dashes in rule.split("  ")]
    assert set(rule) <= {"-", " "}
    for line, cells in zip([head, *lines], [header, *rows], strict=True):
        assert line == line.rstrip()
        place = 0
        for title, cell, width in zip(header, cells, widths, strict=True):
            shown = line[place : place + width].ljust(width)
            assert shown == (cell.ljust(width) if title in words else cell.rjust(width))
            place += width + 2
        assert line[place:] == ""


@pytest.mark.parametrize("write", [text_table, markdown_table])
def test_a_table_without_rows_shows_its_header(write):
    head, rule = write(["run", "F1 %"], [], words=["run"]).split("\n")
    assert head.replace("|", "").split() == ["run", "F1", "%"]
    assert set(rule) <= set("|:- ")


def test_a_latex_table_has_booktabs_rules_and_its_cells_are_no_markup():
    rows = [["a_b & {c}", "50 % #1", "57.10"], ["x", "", ""]]
    lines = [line.strip() for line in latex_table(["Run", "Why", "F1, %"], rows, words=["Run", "Why"]).split("\n")]
    assert lines[:2] == [r"\begin{tabular}{llr}", r"\toprule"]
    assert (lines[3], *lines[-2:]) == (r"\midrule", r"\bottomrule", r"\end{tabular}")
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix("\\\\"))]
        for line in lines[2:6]
        if line[0] != "\\"
    ]
    assert cells == [["Run", "Why", r"F1, \%"], [r"a\_b \& \{c\}", r"50 \% \#1", "57.10"], ["x", "", ""]]


def test_a_text_table_is_what_a_person_reads():
    table = text_table(["run", "F1 %", "why"], [["ce", "9.00", "a"], ["weighted", "10.00", ""]], words=["run", "why"])
    assert table.split("\n") == [
        "run         F1 %  why",
        "--------  ------  -----",
        "ce          9.00  a",
        "weighted   10.00",
    ]


def test_a_table_is_written_with_every_digit_and_an_empty_cell_for_none(tmp_path):
    write_csv(tmp_path / "table.csv", pd.DataFrame({"a": [1 / 3, float("nan")], "b": ["x,y", "z"]}))
    assert (tmp_path / "table.csv").read_text() == 'a,b\n0.3333333333333333,"x,y"\n,z\n'


def test_a_table_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_csv(Path(tmp_path), pd.DataFrame())


def test_a_remedy_is_added_to_an_error_that_has_one_and_no_other_is_touched():
    def remedy(error: InputError) -> str | None:
        return "press harder" if "stuck" in str(error) else None

    for said, told in (("it is stuck", "it is stuck: press harder"), ("it is gone", "it is gone")):
        with pytest.raises(InputError) as caught, remedies(remedy):
            raise InputError(said)
        assert str(caught.value) == told
    with pytest.raises(ZeroDivisionError), remedies(remedy):
        raise ZeroDivisionError("stuck")


def test_ctrl_c_ends_a_command_in_one_word(capsys):
    def main(_: list[str] | None) -> int:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run_command(main)
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "stopped\n")
