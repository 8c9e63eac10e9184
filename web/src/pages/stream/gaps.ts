// Where the line of a chart breaks. Pure; beside the charts, which come later.

import type { BandPoint } from "../../history";
import type { Gap, MetricPoint, Sample } from "../../types";

/** Samples with an empty one at the begin of each time of which nothing is known: nothing is joined over it. */
export function broken(samples: readonly Sample[], gaps: readonly Gap[]): Sample[] {
  const empty = gaps.map(({ from }): Sample => ({ at: new Date(Date.parse(from) + 1).toISOString(), state: null, bitrate: null, readers: null }));
  return [...samples, ...empty].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The points of one metric, where it was measured at all. */
export function pointsOf(items: readonly MetricPoint[], metric: string): BandPoint[] {
  return items.flatMap(({ at, values }) => {
    const found = values?.[metric];
    return found === undefined ? [] : [{ at, min: found.min, mean: found.mean, max: found.max }];
  });
}

/** The points of a metric with an empty one wherever the bitrate has a hole: where nothing is known, and while the stream was not live. */
export function brokenPoints(items: readonly MetricPoint[], gaps: readonly Gap[], metric: string): BandPoint[] {
  const points = pointsOf(items, metric);
  const dark = items.filter(({ state }) => state !== null && state !== "live").map(({ at }) => Date.parse(at));
  const holes = [...gaps.map(({ from }) => Date.parse(from) + 1), ...dark].sort((a, b) => a - b);
  const all: BandPoint[] = [];
  let next = 0;
  for (const point of points) {
    const at = Date.parse(point.at);
    const before = next;
    while ((holes[next] ?? Infinity) < at) next += 1;
    if (next > before && all.length > 0) all.push({ at: new Date(holes[before] ?? at).toISOString(), min: null, mean: null, max: null });
    all.push(point);
  }
  return all;
}
