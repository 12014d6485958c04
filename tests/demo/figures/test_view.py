"""What holds for every figure."""

import json

from demo.figures.by_epoch import by_epoch
from demo.figures.operating import operating_curves
from demo.figures.outline import near_the_outline
from demo.figures.price import price
from demo.figures.reliability import reliability
from demo.figures.styles import styles
from experiments.scores import Place, appearing


def test_the_article_is_marked_wherever_pixel_accuracy_is_drawn(found, analysis):
    styled = styles(found)

    def texts(view):
        return [annotation.text for annotation in view.figure.layout.annotations]

    assert "article: 88.28 %" in texts(by_epoch(found, "pixel_accuracy", styled))
    assert "article: 88.28 %" in texts(price(analysis, styled))
    assert not texts(by_epoch(found, "border_recall", styled))


def test_every_figure_says_how_to_read_it_and_what_it_shows(found, analysis):
    styled = styles(found)
    views = [by_epoch(found, score, styled) for score in (score.name for score in appearing(Place.CURVES))]
    views += [draw(analysis, styled) for draw in (operating_curves, price, near_the_outline)]
    views += [reliability(analysis, styled, pixels) for pixels in ("all", "border_probability")]
    for view in views:
        value = view.as_value()
        assert value["reading"].endswith(".")
        assert "focal loss" in value["description"].lower()
        assert "focal-s0" not in json.dumps({**value, "data": [trace.get("hovertext") for trace in value["data"]]})
        assert json.loads(json.dumps(value, allow_nan=False)) == value
