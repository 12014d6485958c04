"""Tables on the threshold hold the analysis's numbers, each of the seeds that it says."""

import pytest

from experiments.comparison.analysis import analyse
from experiments.reporting.operating_tables import operating_sections, summary_section


@pytest.fixture
def runs(write_run, draw_confusions):
    counts = draw_confusions(4, 10)
    return [
        write_run("ce-s0", counts[0], controls={"mirrored": counts[3]}),
        write_run("ce-s1", counts[1], seed=1),
        write_run("focal-s0", counts[2], loss="focal"),
    ]


def test_the_summary_is_of_the_seeds_that_all_have(runs):
    section = summary_section(analyse(runs))
    assert [row[:2] for row in section.rows] == [["ce", "0"], ["focal", "0"]]
    alone = analyse([runs[0]])
    found = dict(zip(section.header, section.rows[0], strict=True))
    for score, title in (("border_f1", "border F1"), ("pixel_accuracy", "pixel accuracy")):
        assert found[title] == f"{100 * alone.score('ce', score)['mean']:.2f}"
        assert found[f"{title}, threshold tuned"] == f"{100 * alone.operating.row('ce', score)['mean']:.2f}"
    assert found["average precision"] == f"{100 * alone.score('ce', 'average_precision')['mean']:.2f}"


def test_each_table_stands_where_there_is_something_for_it(runs):
    titles = [section.title for section in operating_sections(analyse(runs))]
    assert titles == ["At every threshold", "Controls", "Which threshold each loss acts like"]
    for run in runs:
        (run.folder / "margins.npz").unlink()
    (runs[0].folder / "controls" / "mirrored" / "margins.npz").unlink()
    assert operating_sections(analyse(runs)) == []


def test_controls_are_told_as_differences_from_the_baseline_as_it_is(runs):
    analysis = analyse(runs)
    section = next(each for each in operating_sections(analysis) if each.title == "Controls")
    meanings = {(row[0], row[1]): row for row in section.rows}
    row = analysis.operating.row("ce", "border_f1", point="argmax", control="mirrored")
    told = meanings["averaged with the mirrored photo's prediction", "argmax"]
    assert told[2] == "1"
    assert told[4] == f"{100 * row['mean']:.2f}"
    assert told[-2].startswith(f"{100 * row['from_argmax']:+.2f} [")
