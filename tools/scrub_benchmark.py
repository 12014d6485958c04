"""How long a frame of the scrubber takes: `python -m tools.benchmark scrub`.

The app runs in a process of its own, and Chromium, without a graphics card, slides through the epochs. A frame is
counted from the slider's input to the end of the page's painting.
"""

import argparse

import numpy as np

from experiments.store.runs import find_runs
from tools.chromium import app, chromium

RUNS = 3
AIM_MILLISECONDS = 16

SEEN = """() => [...document.querySelectorAll(".scrub-photos button")].filter((button) => {
  const { top, bottom } = button.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}).length"""

# A message is delivered after the frame in which it was sent is painted
SLIDE = """async (sweeps) => {
  const slider = document.querySelector('[data-testid="scrub-epoch"]');
  const nextMessage = () => new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
  const nextFrame = () => new Promise(requestAnimationFrame);
  const [drawn, frames] = [[], []];
  for (let sweep = -1; sweep < sweeps; sweep++) {
    for (let epoch = 0; epoch <= Number(slider.max); epoch++) {
      await nextFrame();
      const begun = performance.now();
      slider.value = epoch;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      const drawnAt = performance.now();
      await nextMessage();
      if (sweep < 0) continue; // the first one warms up
      drawn.push(drawnAt - begun);
      frames.push(performance.now() - begun);
    }
  }
  return { drawn, painted: frames };
}"""


def time_scrubber(options: argparse.Namespace) -> None:
    """Slide through the epochs, and print how long a frame takes."""
    names = [run.name for run in find_runs(options.runs)[0] if not run.epochs.empty][:RUNS]
    with app("--runs", *options.runs, "--data", options.data) as url, chromium() as browser:
        page = browser.new_page(viewport={"width": options.width, "height": options.height})
        page.goto(f"{url}/?tab=watch&{'&'.join(f'run={name}' for name in names)}")
        page.locator(".scrub-photos button").first.wait_for(timeout=60_000)
        tiles = page.locator(".scrub-photos button").count()
        seen = page.evaluate(SEEN)
        print(
            f"{len(names)} runs x {tiles} tiles, {seen} tiles of each on the screen of {options.width} x "
            f"{options.height}, {options.times} sweeps"
        )
        for shown, toggle in (("predictions", None), ("changes only", "Change since the epoch before")):
            if toggle:
                page.get_by_label(toggle).check()
            times = page.evaluate(SLIDE, options.times)
            for name, values in times.items():
                middle, late, worst = np.percentile(values, [50, 95, 100])
                print(f"{shown}, {name}: median {middle:.1f} ms, 95th percentile {late:.1f} ms, worst {worst:.1f} ms")
    print(f"aim: painted within {AIM_MILLISECONDS} ms at the 95th percentile")
