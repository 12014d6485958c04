// Segmented controls: one Tab stop a group, arrow keys inside it.

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

// Fills `group` with a radio for each of [{key, title, hint}]; `choose(key)` is called when a person chooses
export function radioGroup(group, options, choose) {
  const buttons = new Map(
    options.map(({ key, title, hint }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.role = "radio";
      button.dataset.key = key;
      button.textContent = title;
      if (hint) button.title = hint;
      button.addEventListener("click", () => choose(key));
      return [key, button];
    }),
  );
  group.replaceChildren(...buttons.values());
  group.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const there = [...buttons.values()].filter((button) => !button.disabled);
    const place = there.indexOf(document.activeElement);
    const next = there[(place + step + there.length) % there.length];
    next.focus();
    choose(next.dataset.key);
  });
  return {
    show(chosen) {
      for (const [key, button] of buttons) {
        button.setAttribute("aria-checked", String(key === chosen));
        button.tabIndex = key === chosen ? 0 : -1;
      }
    },
    known: (key) => buttons.has(key),
    allow(key, allowed, why) {
      buttons.get(key).disabled = !allowed;
      buttons.get(key).title = allowed ? "" : why;
    },
  };
}

// A button that is on or off
export function toggle(title, pressed, press, draw = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "stage-toggle";
  button.innerHTML = draw;
  button.append(title);
  button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => press(button.getAttribute("aria-pressed") !== "true"));
  return button;
}

// Fills the screen with a part of the page, or goes back
export function fullScreen(part) {
  if (document.fullscreenElement) document.exitFullscreen();
  else part.requestFullscreen();
}

// Puts these buttons in the place of those that were there; the one that had the focus has it again
export function refill(place, buttons) {
  const had = place.contains(document.activeElement) ? document.activeElement.textContent : null;
  place.replaceChildren(...buttons);
  if (had !== null) buttons.find(({ textContent }) => textContent === had)?.focus();
}

// Which network a picture is of, in its corner
export function caption({ title, colour }, kind = "") {
  const said = document.createElement("figcaption");
  said.textContent = title;
  said.className = kind;
  said.style.setProperty("--loss", colour);
  return said;
}

// What of which network lies under the lines of all, in the figure's corner; nothing where none does
export function captionUnder(figure, pane, view) {
  figure?.querySelector(".under")?.remove();
  if (pane) figure?.append(caption({ title: `${view}: ${pane.title}`, colour: pane.colour }, "under"));
}

// A sentence, what stands between backticks in it as code
export function sayWithCode(place, sentence) {
  place.replaceChildren(
    ...sentence.split("`").flatMap((part, number) => {
      const text = document.createElement(number % 2 ? "code" : "span");
      text.textContent = part;
      return part ? [text] : [];
    }),
  );
}
