// The columns that are shown where nobody has chosen: as many as there is room for.

import { computed, signal } from "@preact/signals";
import { columns, type Column } from "./order";

/** True while the window is of such a width. */
function media(words: string) {
  const list = matchMedia(words);
  const state = signal(list.matches);
  list.addEventListener("change", () => (state.value = list.matches));
  return state;
}

// Below 961 px the rows are cards, which have room for all.
const narrow = media("(min-width: 961px) and (max-width: 1260px)");
const middle = media("(min-width: 961px) and (max-width: 1420px)");

export const standard = computed<readonly Column[]>(() => columns.filter((one) => (one !== "source" || !middle.value) && (one !== "tracks" || !narrow.value)));
