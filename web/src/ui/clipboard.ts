// Copying, also where the page came over plain HTTP from another machine: there the browser has no `navigator.clipboard`.

import { h } from "./dom";

export async function copyText(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return bySelection(words);
  }
}

function bySelection(words: string): boolean {
  const focused = document.activeElement;
  const area = h("textarea", { class: "unseen", readonly: true, "aria-hidden": "true" });
  area.value = words;
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    // Refused: the caller says so.
  }
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
