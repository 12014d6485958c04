// Text for other programs.

// Puts the text on the clipboard; gives whether that was allowed
export async function copyText(text) {
  try {
    // only where the page is this machine's own, or came encrypted
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // not allowed, though it is there: as where it is not
  }
  const had = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.cssText = "position: fixed; opacity: 0";
  // over an open dialog nothing else can be selected
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  had?.focus({ preventScroll: true });
  return copied;
}
