// The verdict's one button: it chooses the seeds that were left out as well. Gradio mounts this once.

import { pageState } from "../../js/state.js";

export function mount({ element }) {
  element.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-runs]");
    if (button) pageState().set({ runs: JSON.parse(button.dataset.runs) });
  });
}
