// Stretches of one state in a stream's samples. Pure.

import type { Sample } from "./types";

export interface Run {
  state: Sample["state"];
  from: number;
  to: number;
}

/** Stretches of one state between two moments. */
export function runsOf(samples: readonly Sample[], from: number, to: number): Run[] {
  const runs: Run[] = [];
  for (const sample of samples) {
    const at = Date.parse(sample.at);
    if (at < from || at > to) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined) last.to = at;
    if (last === undefined || last.state !== sample.state) runs.push({ state: sample.state, from: at, to: at });
  }
  const last = runs[runs.length - 1];
  if (last !== undefined) last.to = to;
  return runs;
}
