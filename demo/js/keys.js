// Keys of a part of the page: none acts while somebody types, while a dialog is open, or while the part is not looked at.

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

// What these keys move where it has the focus is its own
const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const MOVED = 'input, select, [role="radio"], [role="tab"], [role="slider"], dialog *';
// What Enter presses is its own
const PRESSED = "button, a, select, summary, input:not([type=range])";

// What a pointer has pressed in a part does not keep the keys from it
export function giveBack(part) {
  part.addEventListener("click", ({ detail, target }) => {
    if (detail && document.activeElement === target.closest("button")) document.activeElement.blur();
  });
}

// `actions` by key, letters in lower case
export function onKeys(looked, actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING) || !looked()) return;
    if (document.querySelector("dialog[open]")) return; // Escape is its own, too
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || event.defaultPrevented) return;
    const own = MOVES.includes(event.key) ? MOVED : ["Enter", " "].includes(event.key) ? PRESSED : null;
    if (own && event.target.closest?.(own)) return;
    event.preventDefault();
    action();
  });
}
