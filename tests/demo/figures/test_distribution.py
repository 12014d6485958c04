"""The distribution of a score counts the photos of the runs' files."""

from demo.figures.distribution import distribution
from experiments.scores import Place, appearing
from experiments.store.runs import read_run


def test_the_figure_counts_every_photo_once(tiny_runs):
    runs = [read_run(tiny_runs / name) for name in ("ce-s0", "focal-s0")]
    figure = distribution(runs, "pixel_accuracy").figure
    assert [trace.name for trace in figure.data] == ["ce-s0", "focal-s0"]
    assert [sum(trace.y) for trace in figure.data] == [8, 8]
    for score in appearing(Place.PHOTOS):
        assert len(distribution(runs, score.name).figure.data) == 2
