// A short past of one number per stream, for the sparklines: seeded from /history, continued from the WebSocket. Pure.

export interface Point {
  /** ms since the epoch */
  at: number;
  /** null: unknown or not live; breaks the line */
  value: number | null;
}

/** What a sparkline shows. */
export const WINDOW = 5 * 60_000;
/** Two points further apart than this are not joined: nobody looked in between. */
const GAP = 15_000;

/** Adds a point at the end and forgets what is older than the window; in place, for a thousand lines grow with every message. */
export function append(points: Point[], point: Point, window = WINDOW): void {
  const last = points[points.length - 1];
  if (last !== undefined && point.at <= last.at) return;
  points.push(point);
  const kept = points.findIndex((one) => one.at > point.at - window);
  if (kept > 0) points.splice(0, kept);
}

/** Puts an older past in front of what is already known. */
export function seed(points: readonly Point[], past: readonly Point[]): Point[] {
  const first = points[0]?.at ?? Infinity;
  return [...past.filter((one) => one.at < first), ...points];
}

/** A scale's top: the next of 1, 2, 2.5 or 5 times a power of ten with a little air, so that noise does not move it. */
export function top(points: readonly Point[]): number {
  const highest = points.reduce((most, one) => Math.max(most, one.value ?? 0), 0);
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= highest * 1.04) ?? 20;
  return step * power;
}

export interface Shape {
  line: string;
  area: string;
}

/** SVG paths of the points between `from` and `to`, in a box of width x height; what lies further apart than `gap` ms
 * is not joined. */
export function shape(points: readonly Point[], from: number, to: number, width: number, height: number, most: number, gap = GAP): Shape {
  const x = (at: number) => Math.round(((at - from) / (to - from)) * width * 10) / 10;
  const y = (value: number) => Math.round((height - 1 - (Math.min(value, most) / most) * (height - 2)) * 10) / 10;
  let line = "";
  let area = "";
  let run: [number, number][] = [];
  let before = -Infinity;
  const flush = () => {
    if (run.length > 1) {
      const joined = run.map(([px, py]) => `${px} ${py}`).join("L");
      line += `M${joined}`;
      area += `M${run[0]?.[0] ?? 0} ${height}L${joined}L${run[run.length - 1]?.[0] ?? 0} ${height}Z`;
    }
    run = [];
  };
  for (const point of points) {
    if (point.at < from || point.at > to) continue;
    if (point.value === null || point.at - before > gap) flush();
    if (point.value !== null) run.push([x(point.at), y(point.value)]);
    before = point.at;
  }
  flush();
  return { line, area };
}
