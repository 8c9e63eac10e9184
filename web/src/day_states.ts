// A day of one stream as stretches of one state, from what the history knows and from how the stream is now. Pure.

import type { StreamState } from "./types";

export const DAY = 24 * 3_600_000;
/** A point of the history tells the worst state in so long, ms. */
export const STEP = 5 * 60_000;

/** A point of the history. */
export interface Seen {
  at: string;
  state?: StreamState | null;
  /** A counter began anew. */
  reset?: boolean;
}

/** What the history answers. */
export interface Known {
  items: readonly Seen[];
  /** Times of which nothing is known. */
  gaps: readonly { from: string; to: string }[];
}

export interface Stretch {
  /** null: nobody watched. */
  state: StreamState | null;
  from: number;
  to: number;
}

export interface DayStates {
  stretches: Stretch[];
  /** Share of the watched time that was live, 0 to 1; null when nothing was watched. */
  live: number | null;
  /** Stretches that were offline or stalled. */
  outages: number;
}

/**
 * `since` is when the stream became what it is now: what the history says of later is the same, only coarser. A point stands for
 * the time until the next one, but for none of a gap: nothing is claimed before the first sample and after the last.
 */
export function dayStates({ items: seen, gaps }: Known, current: { state: StreamState; since: string }, now: number): DayStates {
  const begin = now - DAY;
  const since = Math.min(now, Math.max(begin, Date.parse(current.since)));
  const stretches: Stretch[] = [];
  const put = (state: StreamState | null, from: number, to: number) => {
    if (to <= from) return;
    const last = stretches[stretches.length - 1];
    if (last !== undefined && last.state === state && last.to >= from) last.to = to;
    else stretches.push({ state, from, to });
  };
  let at = begin;
  seen.forEach((one, index) => {
    const start = Math.max(begin, Date.parse(one.at));
    if (start >= since) return;
    const next = seen[index + 1];
    const following = next === undefined ? Infinity : Date.parse(next.at);
    // A point that is followed late stands for its own time only: what comes after it was not watched.
    const end = Math.min(since, following - start > 2 * STEP ? start + STEP : following);
    if (start > at) put(null, at, start);
    put(one.state ?? null, Math.max(at, start), end);
    at = Math.max(at, end);
  });
  // The last point reaches to the change, when that came soon after it.
  const last = stretches[stretches.length - 1];
  if (last !== undefined && last.state !== null && since - at <= 2 * STEP) last.to = at = Math.max(at, since);
  put(null, at, since);
  const cut = without(stretches, gaps, since);
  stretches.splice(0, stretches.length);
  for (const one of cut) put(one.state, one.from, one.to);
  put(current.state, since, now);
  const sum = (states: readonly (StreamState | null)[]) => stretches.filter((one) => states.includes(one.state)).reduce((total, one) => total + one.to - one.from, 0);
  const watched = sum(["live", "stalled", "offline"]);
  const outages = stretches.filter((one, index) => isDown(one.state) && !isDown(stretches[index - 1]?.state ?? null)).length;
  return { stretches, live: watched === 0 ? null : sum(["live"]) / watched, outages };
}

/** Stretches in order, unknown in every gap before `end`. */
function without(stretches: readonly Stretch[], gaps: Known["gaps"], end: number): Stretch[] {
  const holes = gaps.map(({ from, to }) => ({ from: Date.parse(from), to: Math.min(end, Date.parse(to)) }));
  return stretches.flatMap((one) => {
    const parts: Stretch[] = [];
    let { from } = one;
    for (const hole of holes) {
      const [begin, over] = [Math.max(from, hole.from), Math.min(one.to, hole.to)];
      if (over <= begin) continue;
      if (begin > from) parts.push({ ...one, from, to: begin });
      parts.push({ state: null, from: begin, to: over });
      from = over;
    }
    if (from < one.to) parts.push({ ...one, from });
    return parts;
  });
}

function isDown(state: StreamState | null): boolean {
  return state === "offline" || state === "stalled";
}
