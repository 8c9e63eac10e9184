// The part of the address after `?`: what a page keeps there survives Back, a reload, and a colleague's browser.

import { signal } from "@preact/signals";

function read(): URLSearchParams {
  return new URLSearchParams(typeof location === "undefined" ? "" : (location.hash.split("?", 2)[1] ?? ""));
}

export const query = signal(read());

/** The address is another one. */
export function readQuery(): void {
  query.value = read();
}

/** Writes some of it, without a new entry in the browser's history; what is empty goes, a list is written word by word. */
export function writeQuery(changes: Record<string, string | readonly string[] | null>): void {
  const next = new URLSearchParams(query.peek());
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    const words = value === null || value === "" ? [] : typeof value === "string" ? [value] : value;
    for (const word of words) next.append(key, word);
  }
  const words = next.toString();
  const path = location.hash.split("?", 1)[0] ?? "";
  history.replaceState(history.state, "", `${path === "" ? "#/" : path}${words === "" ? "" : `?${words}`}`);
  query.value = next;
}
