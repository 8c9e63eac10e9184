// Which streams the table shows, in which order, and when that order may change. Pure.

import { titleOf } from "../../camera_words";
import { streamKey } from "../../store";
import { isStarting, reasonOf, type StreamLine } from "../../stream_lines";
import { streamOrder } from "../../words/states";
import type { Sort } from "../../components/sort";

export const columns = [
  { key: "name", label: "Stream" },
  { key: "state", label: "State" },
  { key: "source", label: "Source" },
  { key: "bitrate", label: "Bitrate" },
  { key: "readers", label: "Readers" },
  { key: "tracks", label: "Tracks", sortable: false },
  { key: "recording", label: "Recording" },
] as const;

export type Column = (typeof columns)[number]["key"];
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
  const { stream, recording } = line;
  const words = [stream.name, line.camera?.label ?? "", reasonOf(line), stream.server, stream.state, stream.sourceType ?? "", recording?.state ?? "", ...stream.tracks.map((one) => one.codec)];
  const haystack = words.join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

export function belongs(line: StreamLine, tile: Tile | null): boolean {
  if (tile === null) return true;
  if (tile === "recording") return line.recording?.state === "recording";
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
