// Order and figures of numbers that may be unusual. Pure; every rule has a test.

import type { Anomaly, AnomalyState } from "../../types";
import { m } from "../../words/language";

const order: Record<AnomalyState, number> = { unusual: 0, usual: 1, notJudged: 2, learning: 3 };

/** What is unusual first, the longest of it before the others; then by stream. */
export function anomaliesByTrouble(all: readonly Anomaly[]): Anomaly[] {
  const place = (one: Anomaly) => (order as Partial<Record<string, number>>)[one.state] ?? 1;
  const name = (one: Anomaly) => `${one.stream ?? one.endpoint} ${one.server} ${one.metric}`;
  return [...all].sort((a, b) => place(a) - place(b) || (a.since ?? "").localeCompare(b.since ?? "") || name(a).localeCompare(name(b)));
}

/** A number with its unit, in the unit of `about`. */
export function figure(metric: string, value: number, about = value): string {
  if (metric === "bitrate") return about >= 1e6 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${(value / 1e3).toFixed(0)} kbit/s`;
  if (metric === "rtt" || metric === "latency") return `${value.toFixed(about >= 10 ? 0 : 1)} ms`;
  if (metric === "fps") return `${value.toFixed(1)} fps`;
  return value.toFixed(0);
}

/** What is usual: `3.6 Mbit/s to 4.4 Mbit/s`, or `at most 60 ms` of what is never too little. */
export function usualWords(one: Anomaly): string | null {
  const { metric, usualLow, usualMedian, usualHigh } = one;
  if (usualMedian === null) return null;
  const [low, high] = [usualLow, usualHigh].map((value) => (value === null ? null : figure(metric, value, usualMedian)));
  if (low === null || low === undefined) return high === null || high === undefined ? null : m.anomalies.atMost(high);
  return high === null || high === undefined ? m.anomalies.atLeast(low) : m.anomalies.range(low, high);
}
