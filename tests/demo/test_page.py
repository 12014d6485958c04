"""What the page fills when it opens, as Gradio takes it."""

import pytest

from demo.page import build_interface


@pytest.mark.parametrize("query", [None, "?tab=compare&runs=focal-s0&score=border_recall&epoch=1"])
@pytest.mark.parametrize("runs", [0, 2])
def test_every_component_filled_is_an_output_of_the_opening(tiny_runs, tmp_path, query, runs):
    page = build_interface([tiny_runs if runs else tmp_path], tmp_path)
    opened = next(event for event in page.fns.values() if event.name == "open_page")
    filled = {part.elem_id: value for part, value in opened.fn(query).items()}
    assert filled.keys() - {"tabs", "compare-metric"} == {
        "segment-checkpoints",
        "segment-photo",
        "compare-runs",
        "scrub-runs",
        "scrub-view",
    }
    assert filled.keys() <= {part.elem_id for part in opened.outputs}
    assert len(filled["scrub-view"]["runs"]) == (0 if not runs else 1 if query else 2)
    # what a link does not ask for stays as it is
    assert ("tabs" in filled, "compare-metric" in filled) == (bool(query), bool(query))
    if query:
        assert filled["tabs"]["selected"] == "compare"
        assert filled["compare-metric"]["value"] == "border_recall"
        assert filled["scrub-view"]["epoch"] == 1
