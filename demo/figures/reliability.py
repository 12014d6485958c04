"""Calibration: how often a model is right where it is so and so sure."""

from demo.figures.names import sentence_case
from demo.figures.styles import Style
from demo.figures.view import GREY, View, empty_figure, in_per_cent, per_cent
from experiments.comparison.analysis import Analysis
from experiments.scores import calibration_score

# title, axes, what happened, how to read it
KINDS = {
    "all": (
        "Confidence, all pixels",
        "Confidence",
        "Accuracy",
        "right",
        "On the diagonal a model is right as often as it is sure, below it too sure; ECE is the mean distance.",
    ),
    "border_probability": (
        "Probability of border, all pixels",
        "Probability of border",
        "Share that is border",
        "border",
        "On the diagonal pixels are border as often as they are said to be, below it less often.",
    ),
}


def reliability(analysis: Analysis, styled: dict[str, Style], pixels: str) -> View:
    """How often pixels are right by confidence (`all`), or border by their `border_probability`, with the error."""
    title, across, up, happened, reading = KINDS[pixels]
    figure = empty_figure(across)
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": GREY, "width": 1},
        name="as sure as right",
        hoverinfo="skip",
    )
    table = analysis.reliability[(analysis.reliability["pixels"] == pixels) & (analysis.reliability["count"] > 0)]
    score, entries, said, lowest = calibration_score(pixels), [], [], 100.0
    for configuration in analysis.configurations:
        style = styled[configuration.runs[0].name]
        name = sentence_case(style.name)
        bins = table[table["configuration"] == configuration.name]
        error = score.text(analysis.score(configuration.name, score.name)["mean"])
        figure.add_scatter(
            x=in_per_cent(bins["mean_confidence"]),
            y=in_per_cent(bins["accuracy"]),
            name=name,
            mode="lines+markers",
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={"size": 7, "symbol": style.symbol},
            hovertext=[
                f"{name}, epoch {analysis.footing.epoch}: {per_cent(row['mean_confidence'])} sure, "
                f"{per_cent(row['accuracy'])} {happened}, {row['count']:,} pixels"
                for row in bins.to_dict("records")
            ],
            hoverinfo="text",
        )
        entries.append((name, style, f"ECE {error}"))
        said.append(f"{name}: {score.noun} {error}")
        lowest = min([lowest, *(100 * bins["mean_confidence"])])
    figure.update_xaxes(range=[max(0, lowest - 4), 101], ticksuffix=" %")
    figure.update_yaxes(range=[0, 102], title_text=up)
    return View(
        title=title,
        reading=reading,
        description="; ".join(said) + ".",
        figure=figure,
        legend=entries,
    )
