"""The Compare tab: how well each loss finds the border, by epoch and in the end."""

import gradio as gr

from demo.address import Address
from demo.analysis import cached_analysis, details_stamp
from demo.catalogue import NO_RUNS, Catalogue, describe
from demo.compare.answer import answer_text, cards, confusion_tables, no_answer_text
from demo.compare.table import column_types, styled_table, table_note
from demo.figures.by_epoch import by_epoch
from demo.figures.component import figure_view
from demo.figures.outline import near_the_outline
from demo.figures.reliability import reliability
from demo.figures.scores import final_scores
from demo.figures.styles import styles
from demo.figures.trade_offs import price, recall_and_precision
from demo.tabs import Opening, Page
from experiments.comparison.configurations import Configuration, configurations
from experiments.scores import CHOSEN_FIRST, Place, appearing
from experiments.store.photo_scores import has_details
from experiments.store.runs import Run
from seg import InputError

NONE_CHOSEN = "Choose at least one run."
# Seconds between looks at a run that trains: an epoch takes longer
REFRESH = 4
# How many components `compare` and `explain` fill
COMPARED, EXPLAINED = 7, 10

# What the table shows, as a file: the page has it already
DOWNLOAD = """(table) => {
  const rows = [table.headers, ...(table.metadata?.display_value ?? table.data)];
  const quoted = (cell) => (/[",\\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const text = rows.map((row) => row.map((cell) => quoted(String(cell ?? ""))).join(",") + "\\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "borderline-runs.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""
ADDRESS = "(names, score) => window.borderlineAddress?.({ runs: names, score })"


# ---- which runs


def run_choices(catalogue: Catalogue, names: list[str] | None) -> dict:
    """The choice between configurations with those of these runs chosen.

    Where the names say nothing, the best trained configuration of each loss is chosen.
    """
    found = configurations(catalogue.scored())
    chosen = _of(found, names) or _first_choices(found)
    return gr.update(choices=_choices(found), value=[c.runs[0].name for c in chosen], visible=bool(found))


def _choices(found: list[Configuration]) -> list[tuple[str, str]]:
    """What each configuration is called, and the name of its first run, which stands for it."""
    return [(_describe(configuration), configuration.runs[0].name) for configuration in found]


def _of(found: list[Configuration], names: list[str] | None) -> list[Configuration]:
    return [c for c in found if any(run.name in (names or ()) for run in c.runs)]


def _first_choices(found: list[Configuration]) -> list[Configuration]:
    def rank(configuration: Configuration) -> tuple:
        detailed = sum(map(has_details, configuration.runs))
        return (not configuration.finished, -detailed, len(configuration.runs[0].name))

    losses = dict.fromkeys(c.loss for c in found)
    return [min((c for c in found if c.loss == loss), key=rank) for loss in losses]


def _describe(configuration: Configuration) -> str:
    if len(configuration.runs) == 1:
        return describe(configuration.runs[0])
    progress = describe(configuration.runs[0]).split(" · ")[-1]
    return f"{configuration.name} · seeds {', '.join(map(str, configuration.seeds))} · {progress}"


# ---- what they show


def compare(catalogue: Catalogue, names: list[str] | None, score: str) -> list:
    """What needs the epochs alone: message, lines, table with its button, what it marks, note, timer."""
    found = _of(configurations(catalogue.scored()), names)
    runs = [run for configuration in found for run in configuration.runs]
    if not runs:
        message = NONE_CHOSEN if catalogue.scored() else NO_RUNS
        hidden = gr.update(visible=False)
        return [_with_broken(message, catalogue), None, hidden, hidden, "", "", gr.Timer(active=False)]
    styled = styled_table(runs)
    return [
        _with_broken("", catalogue),
        by_epoch(found, score, styles(found)).as_value(),
        gr.update(value=styled, datatype=column_types(styled.data), visible=True),
        gr.update(visible=True),
        table_note(runs),
        photos_note(runs),
        gr.Timer(active=any(run.status == "running" for run in runs)),
    ]


def explain(catalogue: Catalogue, names: list[str] | None) -> list:
    """What needs the scores of single photos: answer, cards, three figures; matrices and figures of the part below."""
    found = _of(configurations(catalogue.scored()), names)
    runs = [run for configuration in found for run in configuration.runs]
    detailed = [run for run in runs if has_details(run)]
    bare = [run for run in runs if run not in detailed]
    nothing = ["", None, None, None, gr.update(visible=False), "", None, None, None]
    if not runs:
        return ["", *nothing]
    if not detailed:
        return [no_answer_text(bare), *nothing]
    try:
        analysis = cached_analysis(detailed)
        matrices = confusion_tables(analysis)
    except InputError as error:
        return [str(error), *nothing]
    styled = styles(found)
    views = [draw(analysis, styled) for draw in (final_scores, recall_and_precision, price)]
    views += [near_the_outline(analysis, styled)]
    views += [reliability(analysis, styled, pixels) for pixels in ("all", "border")]
    figures = [view.as_value() for view in views]
    more = gr.update(visible=True)
    return [answer_text(analysis, bare), cards(analysis, styled), *figures[:3], more, matrices, *figures[3:]]


def photos_note(runs: list[Run]) -> str:
    """A sentence on how many photos the scores come from, where not every score comes from all."""
    sampled = [run for run in runs if run.info.get("validation_sample_photos") != run.info.get("validation_photos")]
    if not sampled:
        return ""
    counts = sorted({run.info["validation_sample_photos"] for run in sampled if "validation_sample_photos" in run.info})
    photos = " or ".join(f"{count:,}" for count in counts)
    return (
        f"While training, {', '.join(run.name for run in sampled)} scored a fixed sample of {photos} validation photos "
        "after each epoch: lines and table show that. The last score of a finished run, and the answer, count "
        "all of them."
    )


def _with_broken(message: str, catalogue: Catalogue) -> str:
    broken = catalogue.broken()
    return message + "".join(f"\n\n⚠ Left out: {line}" for line in broken)


def redraw(catalogue: Catalogue, names: list[str] | None, score: str, drawn: tuple | None) -> list:
    """The choices, what `compare` gives, and what is drawn then; nothing of what is drawn already."""
    found = configurations(catalogue.scored())
    choices, stamp = _choices(found), _epochs_stamp(_of(found, names), score, catalogue.broken())
    had_choices, had_stamp = drawn or (None, None)
    offered = gr.skip() if choices == had_choices else gr.update(choices=choices, visible=bool(choices))
    shown = [gr.skip()] * COMPARED if stamp == had_stamp else compare(catalogue, names, score)
    now = gr.skip() if (choices, stamp) == drawn else (choices, stamp)
    return [offered, *shown, now]


def reexplain(catalogue: Catalogue, names: list[str] | None, explained: tuple | None) -> list:
    """What `explain` gives, and what is explained then; nothing where that is explained already."""
    runs = [run for configuration in _of(configurations(catalogue.scored()), names) for run in configuration.runs]
    stamp = tuple(details_stamp(run) if has_details(run) else run.name for run in runs)
    return [gr.skip()] * (EXPLAINED + 1) if stamp == explained else [*explain(catalogue, names), stamp]


def _epochs_stamp(found: list[Configuration], score: str, broken: list[str]) -> tuple:
    """Another one when `compare` has something else to show."""
    runs = [
        (run.name, run.status, run.info.get("started"), run.epochs_trained, len(run.epochs))
        for configuration in found
        for run in configuration.runs
    ]
    return (score, tuple(runs), tuple(broken))


# ---- the tab


def build_compare_tab(page: Page) -> Opening:
    """Lay the tab out: the analysis begins when it is looked at, not when the page opens."""
    catalogue, tab = page.catalogue, page.tab
    with gr.Row():
        runs = gr.CheckboxGroup(label="Runs, seeds of one configuration together", elem_id="compare-runs", scale=3)
        score = gr.Dropdown(
            [(score.title, score.name) for score in appearing(Place.CURVES)],
            value=CHOSEN_FIRST.name,
            label="Score by epoch",
            elem_id="compare-metric",
            scale=1,
            min_width=200,
        )
    message = gr.Markdown()
    answered = gr.Markdown(elem_id="compare-answer")
    borders = gr.HTML(elem_id="compare-cards", apply_default_css=False)
    with gr.Row():
        lines = figure_view("compare-figure")
        bars = figure_view("compare-bars")
    with gr.Row():
        trade = figure_view("compare-trade")
        cost = figure_view("compare-price")
    scores = gr.Dataframe(
        interactive=False,
        label="Last scores, per cent",
        elem_id="compare-table",
        visible=False,
        show_search="filter",
        buttons=["copy", "fullscreen"],
    )
    with gr.Row():
        marks = gr.Markdown(elem_id="compare-marks")
        download = gr.Button("Download table (CSV)", size="sm", elem_id="compare-download", visible=False, scale=0)
    note = gr.Markdown(elem_classes="note")
    with gr.Accordion("Where the errors are, and how sure", open=False, visible=False, elem_id="compare-more") as more:
        gr.Markdown(
            "### What became of each class\n\nEach row is a true class and sums to 100 %: on the diagonal it was "
            "found, elsewhere taken for the column's class."
        )
        matrices = gr.HTML(elem_id="compare-confusion", apply_default_css=False)
        outline = figure_view("compare-outline")
        with gr.Row():
            sure = figure_view("compare-reliability")
            sure_border = figure_view("compare-reliability-border")
    timer = gr.Timer(REFRESH, active=False)

    drawn, explained, looked_at = gr.State(), gr.State(), gr.State(False)
    outputs = [message, lines, scores, download, marks, note, timer]
    analysed = [answered, borders, bars, trade, cost, more, matrices, outline, sure, sure_border, explained]
    common = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    tab.select(
        lambda names, explained: [True, *reexplain(catalogue, names, explained)],
        inputs=[runs, explained],
        outputs=[looked_at, *analysed],
        **common,
    )
    gr.on(
        # `change`, not `input`: the page's address chooses as well
        [runs.change, score.change, tab.select, timer.tick],
        lambda names, score, drawn: redraw(catalogue, names, score, drawn),
        inputs=[runs, score, drawn],
        outputs=[runs, *outputs, drawn],
        **common,
    )
    gr.on(
        [runs.change, timer.tick],
        lambda names, explained, looked_at: reexplain(catalogue, names, explained) if looked_at else gr.skip(),
        inputs=[runs, explained, looked_at],
        outputs=analysed,
        **common,
    )
    gr.on([runs.input, score.input], None, inputs=[runs, score], js=ADDRESS, api_visibility="private")
    download.click(None, inputs=scores, js=DOWNLOAD, api_visibility="private")

    def fill(address: Address) -> list:
        chosen = gr.update(value=address.score) if address.score else gr.update()
        return [run_choices(catalogue, address.runs), chosen]

    # the tab draws the rest itself
    return Opening([runs, score], fill)
