// What an import of cameras would do, in words. Pure.

import { plural } from "./format";
import type { ImportResult } from "./types";

/** `3 cameras to add, 1 to change, 5 stay as they are.` */
export function forecast({ added, changed, unchanged }: ImportResult): string {
  const parts = [
    added > 0 ? `${plural(added, "camera")} to add` : "",
    changed > 0 ? `${plural(changed, "camera")} to change` : "",
    unchanged > 0 ? `${plural(unchanged, "camera")} ${unchanged === 1 ? "stays as it is" : "stay as they are"}` : "",
  ].filter((one) => one !== "");
  return parts.length === 0 ? "The file holds no camera." : `${parts.join(", ")}.`;
}

/** What was done. */
export function outcome({ added, changed }: ImportResult): string {
  const parts = [added > 0 ? `${plural(added, "camera")} added` : "", changed > 0 ? `${plural(changed, "camera")} changed` : ""].filter((one) => one !== "");
  return parts.length === 0 ? "Nothing was changed" : parts.join(", ");
}

/** A file as text. Programs for tables write other encodings, too, which would turn names into nonsense unseen. */
export function decode(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
