// Order and figures of probed streams. Pure; every rule has a test.

import type { ProbeState, StreamProbe } from "../../types";
import { m } from "../../words/language";

const order: Record<ProbeState, number> = { out: 0, doubtful: 1, waiting: 2, well: 3, notLive: 4 };

/** Trouble first, then by name. */
export function byTrouble(probes: readonly StreamProbe[]): StreamProbe[] {
  const place = (one: StreamProbe) => (order as Partial<Record<string, number>>)[one.state] ?? 2;
  return [...probes].sort((a, b) => place(a) - place(b) || keyOf(a).localeCompare(keyOf(b)));
}

/** No two have the same. */
export function keyOf({ target, server, stream }: Pick<StreamProbe, "target" | "server" | "stream">): string {
  return [target, server ?? "", stream ?? ""].join("\0");
}

/** `0.12 s`, `2.5 s`, `14 s`; a difference keeps its sign. */
export function secondsWords(seconds: number): string {
  const size = Math.abs(seconds);
  const text = size < 1 ? seconds.toFixed(2) : size < 10 ? seconds.toFixed(1) : seconds.toFixed(0);
  return `${text === "-0.00" ? "0.00" : text} s`;
}

/** Frames a second; null when they were not counted. */
export function rateWords(rate: number | null): string | null {
  if (rate === null) return null;
  const near = Math.abs(rate - Math.round(rate)) < 0.05;
  return m.health.frames(near ? String(Math.round(rate)) : rate.toFixed(1));
}
