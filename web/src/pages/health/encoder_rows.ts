// Order of encoders, and which orders make sense. Pure; every rule has a test.

import type { Encoder, EncoderState } from "../../types";

const order: Record<EncoderState, number> = { frozen: 0, silent: 1, interrupted: 2, connecting: 3, unproved: 4, unknown: 5, waiting: 6, flushing: 7, streaming: 8, idle: 9 };

/** Trouble first, then by name. */
export function encodersByTrouble(encoders: readonly Encoder[]): Encoder[] {
  const place = (one: Encoder) => (order as Partial<Record<string, number>>)[one.state] ?? 5;
  return [...encoders].sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/** Somebody should look at it. */
export function inTrouble(state: EncoderState): boolean {
  return state === "frozen" || state === "silent" || state === "interrupted";
}

/** What streams, or says so, is not started. */
export function mayStart(state: EncoderState): boolean {
  return state === "idle" || state === "unknown";
}

/** What is idle is not stopped, and what does not answer hears nothing. */
export function mayStop(state: EncoderState): boolean {
  return state !== "idle" && state !== "flushing" && state !== "silent" && state !== "waiting";
}
