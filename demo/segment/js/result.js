// The result's HTML is replaced as a whole, so clicks are caught where it lies. Gradio mounts this once.
export function mount({ element, trigger }) {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-download]");
    if (!button) return;
    button.disabled = true; // until the file is there: a large photo takes a second
    trigger("click", { what: button.dataset.download, checkpoint: button.dataset.checkpoint });
  });
}
