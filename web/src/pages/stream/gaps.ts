// Where the line of a chart breaks. Pure; beside the charts, which come later.

import type { Gap, Sample } from "../../types";

/** Samples with an empty one at the begin of each time of which nothing is known: nothing is joined over it. */
export function broken(samples: readonly Sample[], gaps: readonly Gap[]): Sample[] {
  const empty = gaps.map(({ from }): Sample => ({ at: new Date(Date.parse(from) + 1).toISOString(), state: null, bitrate: null, readers: null }));
  return [...samples, ...empty].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
