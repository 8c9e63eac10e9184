// A part of the past may be made up: the days before a demo began. Every answer of the history that goes back so far says so.

import { signal } from "@preact/signals";

/** Until when the past that was read is made up, ms since the epoch; null where nothing of it is. */
export const sampleUntil = signal<number | null>(null);

/** Takes it from an answer of the history. */
export function hearSample<T extends { sampleUntil?: string | null }>(answer: T): T {
  const until = answer.sampleUntil ?? null;
  if (until !== null) sampleUntil.value = Date.parse(until);
  return answer;
}

/** How much of a span is made up, 0 to 1. */
export function sampleShare(from: number, to: number, until: number | null): number {
  return until === null || until <= from ? 0 : Math.min(1, (until - from) / (to - from));
}
