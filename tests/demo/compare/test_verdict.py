"""What stands first: the verdict, the facts, every sentence of the comparison, or why there is none."""

import re
import shutil

import pandas as pd

from demo.compare.verdict import no_verdict_html, verdict_html, why_no_verdict_html
from experiments.comparison.analysis import analyse
from experiments.comparison.answer.verdict import verdict
from experiments.comparison.configurations import configurations
from experiments.store.runs import read_run
from seg import InputError

# what no newcomer should have to know
JARGON = re.compile(r"configuration|trimap|checkpoint|\b(ce|weighted|focal)(-\w+)?-s\d", re.IGNORECASE)


def text(html: str) -> str:
    plain = re.sub(r"<[^>]+>", " ", html).replace("\N{NO-BREAK SPACE}", " ").replace("−", "-")
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'")


def test_every_sentence_of_the_comparison_is_there_in_words(runs):
    analysis = analyse(runs)
    told = text(verdict_html(analysis, configurations(runs), [], "")).lower()
    for sentence in verdict(analysis):
        words = sentence.replace("`ce`", "cross-entropy").replace("`focal`", "focal loss").replace("`ce-s0`", "x")
        words = words.replace("`weighted`", "class weights").replace("`segnet-linear`", " segnet-linear ")
        for part in re.sub(r"\s+", " ", words).split("x has")[0].lower().split(" , "):
            assert part.strip(" .") in told


def test_nobody_reads_jargon(runs, own_runs, change_options):
    change_options(shutil.copytree(own_runs / "ce-s0", own_runs / "ce-s1"), seed=1)
    change_options(shutil.copytree(own_runs / "ce-s0", own_runs / "even-s0"), loss="focal")
    several = [read_run(own_runs / name) for name in ("ce-s0", "ce-s1", "even-s0")]
    for chosen in (runs, runs[:1], runs[1:], several):
        apart = "Set apart, on another footing: ce-s0 (1 epoch at 32 x 32, 8 photos)."
        html = verdict_html(analyse(chosen), configurations(chosen), chosen, apart if chosen is several else "")
        assert not JARGON.search(text(html)), JARGON.search(text(html))


def test_one_loss_or_none_to_compare_with_asks_for_another(runs, own_runs, change_options):
    change_options(shutil.copytree(own_runs / "focal-s0", own_runs / "focal-g-s0"), gamma=5.0)

    def notice(chosen) -> str:
        return verdict_html(analyse(chosen), configurations(chosen), [], "").partition('class="notice">')[2]

    assert notice(runs[:1]).startswith("One loss alone cannot answer which is better")
    assert notice([runs[1], read_run(own_runs / "focal-g-s0")]).startswith(
        "Whether a loss helps shows against plain cross-entropy"
    )
    assert notice(runs) == ""


def test_a_run_without_an_epoch_is_named(own_runs, change_options, runs):
    folder = shutil.copytree(own_runs / "focal-s0", own_runs / "focal-s4")
    change_options(folder, seed=4, gamma=5.0)
    pd.read_csv(folder / "epochs.csv").head(1).to_csv(folder / "epochs.csv", index=False)
    new = read_run(folder)
    told = verdict_html(analyse(runs[:1]), configurations([runs[0], new]), [], "")
    assert "Focal loss, seed 4: no epoch is finished yet." in told
    assert "No verdict yet. Focal loss, seed 4: no epoch" in no_verdict_html(configurations([new]))
    assert no_verdict_html([]) == ""


def test_why_there_is_none_is_said_in_words_and_is_no_markup(runs):
    html = why_no_verdict_html(InputError("focal-s0 and ce-s0 <b>differ"), configurations(runs))
    assert "Focal loss, seed 0 and cross-entropy, seed 0 &lt;b&gt;differ." in html
