"""Make the picture that is shown with a link to the page: `python -m tools.link_picture`.

A sample photo that a package brings, with the outlines that the shipped networks find: no photo of the dataset.
"""

import html

import numpy as np
from skimage.measure import approximate_polygon, find_contours

from demo.header.link_preview import PICTURE, SIZE
from demo.images import data_uri
from experiments.cli.command_line import RESULTS, OneLineParser, run_command
from experiments.store.folder import weights_path
from experiments.store.probe import sample_photos
from seg.inference import Segmenter
from seg.losses import LOSSES, loss_photo_colour
from seg.pets import BACKGROUND
from seg.photo import open_photo
from tools.chromium import PROJECT, chromium

# A run of each loss, and its line's dashes
RUNS = {"ce": "", "weighted": "14 6", "focal": "3 7"}
# The one whose whole outline is in the picture
SAMPLE = "cheetah2"

PAGE = """<!doctype html><style>{tokens}
body {{ margin: 0; display: flex; width: {width}px; height: {height}px; background: var(--paper); color: var(--ink); font: 30px/42px var(--sans); overflow: hidden; }}
svg.photo {{ flex: none; height: {height}px; width: {height}px; }}
main {{ padding: 0 56px; align-self: center; }}
h1 {{ margin: 0 0 24px; font: 650 60px/68px var(--sans); letter-spacing: -.02em; }}
p {{ margin: 0 0 32px; color: var(--muted); }}
li {{ display: flex; align-items: center; gap: 16px; }} ul {{ margin: 0; padding: 0; list-style: none; }}
</style>
<svg class="photo" viewBox="0 0 {side} {side}" preserveAspectRatio="xMidYMid slice"><image href="{photo}" width="{photo_width}" height="{photo_height}"/>{lines}</svg>
<main><h1>Borderline</h1><p>Which loss sees the border of a pet?</p><ul>{key}</ul></main>"""  # noqa: E501


def main(arguments: list[str] | None) -> int:
    """The exit status, once the picture is written."""
    OneLineParser(prog="python -m tools.link_picture", description="Make the picture of shared links.").parse_args(
        arguments
    )
    photo = open_photo(sample_photos()[SAMPLE])
    lines, key = [], []
    for loss, dashes in RUNS.items():
        mask = Segmenter.load(weights_path(RESULTS / f"{loss}-s0")).predict(photo).mask
        style = f'fill="none" stroke="{loss_photo_colour(loss)}" stroke-width="{{}}" stroke-dasharray="{dashes}"'
        lines += [
            f'<polygon points="{points}" fill="none" stroke="#0008" stroke-width="7"/>'
            f'<polygon points="{points}" {style.format(4)}/>'
            for points in _outlines(mask)
        ]
        sign = f'<svg width="64" height="16"><path d="M0 8H64" {style.format(8)}/></svg>'
        key.append(f"<li>{sign}{html.escape(LOSSES[loss].title)}</li>")
    page_html = PAGE.format(
        tokens=(PROJECT / "demo" / "tokens.css").read_text(encoding="utf-8"),
        width=SIZE[0],
        height=SIZE[1],
        side=min(photo.size),
        photo=data_uri(photo, "JPEG", quality=95),
        photo_width=photo.width,
        photo_height=photo.height,
        lines="".join(lines),
        key="".join(key),
    )
    with chromium() as browser:
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.set_content(page_html)
        page.screenshot(path=PICTURE, type="jpeg", quality=85)
    return 0


def _outlines(mask: np.ndarray) -> list[str]:
    """The outer edges of pet and border in a mask (H, W) uint8, as an SVG polygon's points; specks are left out."""
    found = np.pad((mask != BACKGROUND).astype(float), 1)
    contours = [approximate_polygon(contour - 1, 1.5) for contour in find_contours(found, 0.5)]
    large = [contour for contour in contours if np.ptp(contour, axis=0).min() > 0.1 * min(mask.shape)]
    return [" ".join(f"{x:.1f},{y:.1f}" for y, x in contour) for contour in large]


if __name__ == "__main__":
    run_command(main)
