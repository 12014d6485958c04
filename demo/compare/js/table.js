// The buttons under the table of scores, which take it elsewhere: as `written_table` has written it. Gradio mounts this once.

import { csv, saveText } from "../../figures/js/save.js";
import { copyText } from "../../js/clipboard.js";

const SAID_FOR = 4000; // milliseconds

export function mount({ element, props, watch }) {
  const [place, status, shown] = [".table-files", "[role=status]", "textarea"].map((each) =>
    element.querySelector(each),
  );
  let saidSince = null;

  function say(words) {
    status.textContent = words;
    clearTimeout(saidSince);
    saidSince = setTimeout(() => (status.textContent = ""), SAID_FOR);
  }

  async function take({ target }) {
    const form = target.dataset.as;
    if (!form) return;
    if (form === "csv") {
      saveText(csv(props.value.rows), "borderline-runs.csv", "text/csv");
      return;
    }
    const text = props.value[form];
    shown.hidden = await copyText(text);
    if (shown.hidden) {
      say(`Copied as ${form === "latex" ? "LaTeX" : "Markdown"}.`);
      return;
    }
    // it stays until a copy succeeds: the person copies it by hand
    clearTimeout(saidSince);
    status.textContent = "This browser lets no page copy: copy the text below.";
    shown.value = text;
    shown.select();
  }

  function update() {
    place.hidden = !props.value;
    shown.hidden = true;
    status.textContent = "";
  }

  place.addEventListener("click", take);
  watch("value", update);
  update();
}
