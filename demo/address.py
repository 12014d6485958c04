"""What the page's address says: tab, runs, score and epoch, so that a view can be shared as a link."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs

from demo.scripts import function
from experiments.scores import Place, appearing

# In the page before Gradio's own: the first tab announces itself before what the page was opened with is read.
# `borderlineAddress({tab: "compare", runs: ["ce-s0"], epoch: 3})` keeps what is chosen
SCRIPT = f"""<script>
window.borderlineOpenedWith = location.search;
window.borderlineAddress = {function("js/address.js", "keepInAddress")};
</script>"""


@dataclass(frozen=True)
class Address:
    """What a link asks for; None where it does not say, or says what cannot be."""

    tab: str | None = None
    runs: tuple[str, ...] | None = None
    score: str | None = None
    epoch: int | None = None


def read_address(query: str | None, tabs: Collection[str]) -> Address:
    """The choices in the query part of an address, such as `?tab=scrub&runs=ce-s0,focal-s0&epoch=3`.

    Args:
        tabs: the names of those that there are.
    """
    values = {key: texts[-1] for key, texts in parse_qs((query or "").removeprefix("?")).items()}
    tab, score, epoch = values.get("tab"), values.get("score"), values.get("epoch", "")
    return Address(
        tab=tab if tab in tabs else None,
        runs=tuple(values["runs"].split(",")) if "runs" in values else None,
        score=score if score in [choice.name for choice in appearing(Place.CURVES)] else None,
        epoch=int(epoch) if epoch.isdecimal() and len(epoch) < 6 else None,
    )
