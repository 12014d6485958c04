"""What the app's benchmarks print is what was measured, and a tab that is opened shows what there is then."""

import json
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import gradio as gr
import pytest

from experiments.benchmarks.compare import write_runs
from experiments.benchmarks.side_by_side import Measured, Peer, Row, costs_at_most
from tools import benchmark, start_benchmark, tab_benchmark
from tools.timing import Timing, beside_peer


def test_a_line_has_median_spread_and_aim():
    assert (
        str(Timing("layout shift", [0.1, 0.3, 0.2], 0.05)) == "layout shift: median 0.2 (0.1 to 0.3, 3 times), aim 0.05"
    )
    assert str(Timing("requests", [7], 0)) == "requests: 7, aim 0"
    frames = str(Timing("work, ms", [*[1.0] * 90, *[9.0] * 10]))
    assert frames == "work, ms: median 1, 95th percentile 9 (1 to 9, 100 times)"


def test_json_has_every_value():
    told = Timing("work, ms", [*[1.0] * 90, *[9.0] * 10], 10).as_json()
    assert (told["median"], told["percentile_95"], told["aim"], len(told["values"])) == (1, 9, 10, 100)


def test_a_peer_stands_beside_ours():
    row = Row("app start", "seconds", lambda: 0, Peer("`import this`", lambda: 0, "alone"), costs_at_most(1.1))
    line = beside_peer(Measured(row, [3.0, 2.0, 2.2], [2.0, 2.0, 2.0]))
    assert line == (
        "app start: 2.2 seconds, 1.1 of what `import this` takes (1 to 1.5, 3 times; alone), "
        "aim <= 1.1 of the peer's: yes"
    )


def test_the_start_is_timed_until_the_app_answers(monkeypatch):
    seen = []

    @contextmanager
    def app(*options):
        seen.append([str(option) for option in options])
        yield "http://nowhere"
        seen.append("ended")

    monkeypatch.setattr(start_benchmark, "app", app)
    row = start_benchmark.first_answer(SimpleNamespace(runs=["here", "there"], data="photos"))
    assert 0 <= row.ours() < 1
    assert seen == [["--runs", "here", "there", "--data", "photos", "--no-fetch"], "ended"]


@pytest.mark.long
def test_its_peer_imports_in_a_process_of_its_own(monkeypatch):
    row = start_benchmark.first_answer(SimpleNamespace(runs=[], data=""))
    assert row.peer.work() > 0.1
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(start_benchmark.InputError, match="cannot be imported"):
        row.peer.work()


def test_which_loss_is_measured_first_and_again(monkeypatch, capsys):
    opened = []

    class Tab:
        def __init__(self, folder):
            assert len(list(folder.iterdir())) == 4

        def open_first(self):
            opened.append("first")

        def open_elsewhere(self):
            opened.append("another page")

        def look_again(self):
            opened.append("again")

    for name, value in {"RUNS": 4, "EPOCHS": 3, "Tab": Tab}.items():
        monkeypatch.setattr(tab_benchmark, name, value)
    assert benchmark.main(["which-loss", "--times", "1", "--json"]) == 0
    assert opened == ["first"] * 2 + ["another page"] * 2 + ["again"] * 2  # the first of each warms up
    first, _, again = json.loads(capsys.readouterr().out)["measured"]
    assert (first["path"], again["path"]) == (
        "Which loss? with 4 runs x 3 epochs, first",
        "Which loss? with 4 runs x 3 epochs, again",
    )
    assert len(first["values"]) == len(first["peer_values"]) == 1


def test_the_tab_opened_again_shows_what_it_showed_first(tmp_path):
    write_runs(tmp_path, 4, 3)
    with gr.Blocks():
        tab = tab_benchmark.Tab(tmp_path)
        first, again, nothing = tab.open_first(), tab.open_elsewhere(), tab.look_again()
    assert first.keys() == again.keys()
    assert nothing == {}
    parts = tab._parts
    assert "How sure" in first[parts.verdict]
    for part in (parts.verdict, parts.scores, parts.confusion, parts.lines, parts.operating, parts.files):
        assert first[part] and first[part] == again[part]
