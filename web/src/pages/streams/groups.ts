// The rows of the table by server, by the first part of their path, or by the host of their camera, the worst group first.
// Pure.

import { streamOrder } from "../../words/states";
import { isStarting, type StreamLine } from "../../stream_lines";

export const groupings = ["server", "prefix", "host"] as const;
export type Grouping = (typeof groupings)[number];

export interface Group {
  /** What the lines have in common; empty where they have none of it. */
  key: string;
  lines: readonly StreamLine[];
  /** The line that is worst off. */
  worst: StreamLine;
  /** How many are not live. */
  bad: number;
}

export type Item = { kind: "group"; group: Group; open: boolean } | { kind: "line"; line: StreamLine };

function keyOf({ stream, camera }: StreamLine, by: Grouping): string {
  if (by === "server") return stream.server;
  if (by === "host") return camera?.host ?? "";
  const end = stream.name.lastIndexOf("/");
  return end < 0 ? "" : stream.name.slice(0, end);
}

/** Smaller is worse; a camera on its way to its first picture is no trouble, nor is what is excused. */
export function rank({ stream, camera, excused }: StreamLine): number {
  if (excused) return streamOrder.live;
  return stream.state === "offline" && camera !== null && isStarting(camera) ? streamOrder.live : streamOrder[stream.state];
}

const byNumber = new Intl.Collator("en", { numeric: true });

/** Groups of lines that keep their order. */
export function groupsOf(lines: readonly StreamLine[], by: Grouping): Group[] {
  const all = new Map<string, StreamLine[]>();
  for (const line of lines) {
    const key = keyOf(line, by);
    const found = all.get(key);
    if (found === undefined) all.set(key, [line]);
    else found.push(line);
  }
  return [...all]
    .map(([key, members]) => {
      const worst = members.reduce((a, b) => (rank(b) < rank(a) ? b : a));
      return { key, lines: members, worst, bad: members.filter((one) => rank(one) < streamOrder.live).length };
    })
    .sort((a, b) => rank(a.worst) - rank(b.worst) || byNumber.compare(a.key, b.key));
}

/** What the table shows: each group's own row, and its lines where it is open. */
export function itemsOf(lines: readonly StreamLine[], by: Grouping | null, open: ReadonlySet<string>): Item[] {
  if (by === null) return lines.map((line) => ({ kind: "line", line }));
  return groupsOf(lines, by).flatMap((group): Item[] => {
    const opened = open.has(group.key);
    return [{ kind: "group", group, open: opened }, ...(opened ? group.lines.map((line): Item => ({ kind: "line", line })) : [])];
  });
}
