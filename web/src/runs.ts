// Stretches of one state in a stream's samples. Pure.

import type { Gap, Sample } from "./types";

export interface Run {
  state: Sample["state"];
  from: number;
  to: number;
}

/** Stretches of one state between two moments; none in the times of which nothing is known. */
export function runsOf(samples: readonly Sample[], gaps: readonly Pick<Gap, "from" | "to">[], from: number, to: number): Run[] {
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
  const holes = gaps.map((one) => ({ from: Date.parse(one.from), to: Date.parse(one.to) }));
  return holes.reduce((rest, hole) => rest.flatMap((run) => outside(run, hole)), runs);
}

function outside(run: Run, hole: { from: number; to: number }): Run[] {
  if (hole.to <= run.from || hole.from >= run.to) return [run];
  const parts = [{ ...run, to: Math.max(run.from, hole.from) }, { ...run, from: Math.min(run.to, hole.to) }];
  return parts.filter((one) => one.from < one.to);
}
