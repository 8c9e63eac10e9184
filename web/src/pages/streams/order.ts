// Which streams the table shows, in which order, and when that order may change. Pure.

import { titleOf } from "../../camera_words";
import { streamKey } from "../../store";
import { isStarting, reasonOf, type StreamLine } from "../../stream_lines";
import { streamOrder } from "../../words/states";
import type { Heading, Sort } from "../../components/sort";
import { m } from "../../words/language";

export const columns = ["name", "state", "source", "bitrate", "day", "readers", "tracks", "recording"] as const;
export type Column = (typeof columns)[number];
/** These do not sort. */
const SETS: readonly Column[] = ["tracks", "day"];

/** Heads of the columns that are shown. */
export function headingsOf(shown: readonly Column[]): Heading<Column>[] {
  return shown.map((key) => ({ key, label: m.overview.column[key], sortable: !SETS.includes(key) }));
}

/** The chosen columns in their order, as the address and the browser keep them; the name is always there. Null where nobody
 * has chosen. */
export function parseColumns(words: string): readonly Column[] | null {
  const chosen = words.split(",");
  const known = columns.filter((one) => one === "name" || chosen.includes(one));
  return words === "" ? null : known;
}

export const tiles = ["live", "stalled", "offline", "unknown", "recording"] as const;
export type Tile = (typeof tiles)[number];

const byNumber = new Intl.Collator("en", { numeric: true });

export function keyOf(line: StreamLine): string {
  return streamKey(line.stream.server, line.stream.name);
}

export function nameOf(line: StreamLine): string {
  return line.camera === null ? line.stream.name : titleOf(line.camera);
}

export function compare({ column, descending }: Sort<Column>): (a: StreamLine, b: StreamLine) => number {
  const byName = (a: StreamLine, b: StreamLine) => byNumber.compare(nameOf(a), nameOf(b)) || a.stream.server.localeCompare(b.stream.server);
  const text = (a: string | null | undefined, b: string | null | undefined) => (a === b ? 0 : (a ?? "~").localeCompare(b ?? "~"));
  const rules: Record<Column, (a: StreamLine, b: StreamLine) => number> = {
    name: () => 0,
    tracks: () => 0,
    day: () => 0,
    state: (a, b) => streamOrder[a.stream.state] - streamOrder[b.stream.state],
    source: (a, b) => text(a.stream.sourceType, b.stream.sourceType),
    bitrate: (a, b) => (b.stream.bitrate ?? -1) - (a.stream.bitrate ?? -1),
    readers: (a, b) => b.stream.readers - a.stream.readers,
    recording: (a, b) => text(a.recording?.state, b.recording?.state),
  };
  const order = (a: StreamLine, b: StreamLine) => rules[column](a, b) || byName(a, b);
  return descending ? (a, b) => order(b, a) : order;
}

/** Every word of the filter must be somewhere in the row. */
export function matches(line: StreamLine, filter: string): boolean {
  const { stream, recording, camera } = line;
  const words = [stream.name, camera?.label ?? "", camera?.host ?? "", reasonOf(line), stream.server, stream.state, stream.sourceType ?? "", recording?.state ?? "", ...stream.tracks.map((one) => one.codec)];
  const haystack = words.join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

export function belongs(line: StreamLine, tile: Tile | null): boolean {
  if (tile === null) return true;
  if (tile === "recording") return line.recording?.state === "recording";
  if (line.excused && line.stream.state !== "live") return false;
  if (line.stream.state === "offline" && line.camera !== null && isStarting(line.camera)) return false;
  return line.stream.state === tile;
}

/** The rows to show, in their order as it is at this moment. */
export function select(lines: readonly StreamLine[], filter: string, tile: Tile | null, sort: Sort<Column>): StreamLine[] {
  const words = filter.trim();
  return lines.filter((line) => belongs(line, tile) && (words === "" || matches(line, words))).sort(compare(sort));
}

/** The rows in the order of before: known ones stay where they were, new ones come where they belong, behind the one that they
 * follow. */
export function hold(sorted: readonly StreamLine[], before: readonly string[]): StreamLine[] {
  const lines = new Map(sorted.map((line) => [keyOf(line), line]));
  const known = new Set(before);
  const kept = before.filter((key) => lines.has(key));
  const place = new Map(kept.map((key, index) => [key, index]));
  const after = new Map<number, string[]>();
  let at = -1;
  for (const line of sorted) {
    const key = keyOf(line);
    if (known.has(key)) at = place.get(key) ?? at;
    else after.set(at, [...(after.get(at) ?? []), key]);
  }
  const keys = [...(after.get(-1) ?? []), ...kept.flatMap((key, index) => [key, ...(after.get(index) ?? [])])];
  return keys.map((key) => lines.get(key)).filter((line) => line !== undefined);
}
