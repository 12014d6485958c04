"""What the page fills when it opens, and again while a run trains."""

import json

import gradio as gr
import pytest

from demo.page import build_interface
from demo.tabs import TABS
from experiments.store.folder import hold


def event(page, name: str):
    return next(each for each in page.fns.values() if each.name == name)


def by_name(updates: dict) -> dict:
    return {part.elem_id: value for part, value in updates.items()}


@pytest.mark.parametrize("runs", [0, 2])
def test_every_component_filled_is_an_output_of_the_opening(tiny_runs, tmp_path, runs):
    opened = event(build_interface([tiny_runs if runs else tmp_path], tmp_path), "open_page")
    filled = by_name(opened.fn())
    assert {"selection", "segment-photo"} <= filled.keys()
    assert filled.keys() <= {part.elem_id for part in opened.outputs}
    assert len(filled["selection"]["runs"]) == runs
    assert filled["selection"]["read"]


def test_a_tab_follows_what_it_says_and_is_filled_by_no_other_event(tiny_runs, tmp_path):
    page = build_interface([tiny_runs], tmp_path)
    followers = {part.elem_id: part for part in page.blocks.values() if (part.elem_id or "").startswith("follow-")}
    assert list(followers) == [f"follow-{name}" for name in TABS]
    for name, tab in TABS.items():
        assert followers[f"follow-{name}"].props["keys"] == list(tab.follows)
    told = {target for each in page.fns.values() for target, _ in each.targets}
    assert {part._id for part in followers.values()} <= told


def test_what_has_not_changed_is_not_sent_again_and_growth_is(own_runs, tmp_path):
    page = build_interface([own_runs], tmp_path)
    filled = event(page, "open_page").fn()
    state = next(value for part, value in filled.items() if type(part).__name__ == "State")
    look = event(page, "look").fn
    assert look(state) == gr.skip()
    info = json.loads((own_runs / "ce-s0" / "run.json").read_text())
    info["status"] = "running"
    (own_runs / "ce-s0" / "run.json").write_text(json.dumps(info))
    with hold(own_runs / "ce-s0"):
        again = by_name(look(state))
    assert {run["name"]: run["status"] for run in again["selection"]["runs"]}["ce-s0"] == "running"
