// What an import of cameras would do, in words. Pure.

import type { ImportResult } from "./types";
import { m } from "./words/language";

/** `3 cameras to add, 1 to change, 5 stay as they are.` */
export function forecast({ added, changed, unchanged }: ImportResult): string {
  const parts = [
    added > 0 ? m.importing.toAdd(added) : "",
    changed > 0 ? m.importing.toChange(changed) : "",
    unchanged > 0 ? m.importing.stay(unchanged) : "",
  ].filter((one) => one !== "");
  return parts.length === 0 ? m.importing.noCamera : `${parts.join(", ")}.`;
}

/** What was done. */
export function outcome({ added, changed }: ImportResult): string {
  const parts = [added > 0 ? m.importing.added(added) : "", changed > 0 ? m.importing.changed(changed) : ""].filter((one) => one !== "");
  return parts.length === 0 ? m.importing.nothing : parts.join(", ");
}

/** A file as text. Programs for tables write other encodings, too, which would turn names into nonsense unseen. */
export function decode(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
