// How many squares stand side by side so that all of them fit, and how much each one has room to say. Pure.

export interface Layout {
  columns: number;
  /** Height of a square, px. */
  height: number;
  /** full: name, state and bitrate; short: name; sign: the sign alone, the name when one points at it. */
  says: "full" | "short" | "sign";
}

/** Squares are a little wider than high. */
const RATIO = 1.6;
const GAP = 6;
const LEAST = 22;

export function layout(count: number, width: number, height: number): Layout {
  const all = Math.max(1, count);
  let best: Layout = { columns: 1, height: LEAST, says: "sign" };
  let size = 0;
  for (let columns = 1; columns <= all; columns += 1) {
    const rows = Math.ceil(all / columns);
    const wide = (width - GAP * (columns - 1)) / columns;
    const high = (height - GAP * (rows - 1)) / rows;
    const fits = Math.min(wide, high * RATIO);
    if (fits <= size) continue;
    size = fits;
    best = { columns, height: Math.max(LEAST, Math.min(high, (wide / RATIO) * 1.25)), says: says(wide, high) };
  }
  return best;
}

function says(wide: number, high: number): Layout["says"] {
  if (wide >= 116 && high >= 62) return "full";
  return wide >= 64 && high >= 34 ? "short" : "sign";
}

/** Where an arrow key leads from a square; null where it does not. */
export function step(key: string, from: number, columns: number, count: number): number | null {
  const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const change = by[key];
  if (change === undefined) return null;
  const to = from + change;
  return to >= 0 && to < count ? to : from;
}

/** How long until the wall is drawn again, ms: a machine that needs long for it is asked more seldom. */
export function pace(before: number, drawn: number): number {
  const least = 1_000;
  const most = 10_000;
  if (drawn > 60) return Math.min(most, before * 2);
  return drawn < 25 ? Math.max(least, before / 2) : before;
}
