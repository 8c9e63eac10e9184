// The span of time that a chart shows, as the address keeps it. Reading is pure.

import { writeQuery } from "../../address";

const MINUTE = 60_000;

export const spans = [
  { key: "15m", label: "15 min", ms: 15 * MINUTE, every: 4_000 },
  { key: "1h", label: "1 h", ms: 60 * MINUTE, every: 10_000 },
  { key: "6h", label: "6 h", ms: 360 * MINUTE, every: 30_000 },
  { key: "24h", label: "24 h", ms: 1_440 * MINUTE, every: 60_000 },
] as const;

export interface Span {
  /** The chosen span; null where two moments were chosen. */
  key: string | null;
  ms: number;
  /** How often it is asked for, ms. */
  every: number;
  from: number | null;
  to: number | null;
}

/** What makes no sense is a quarter of an hour up to now. */
export function read(query: URLSearchParams): Span {
  const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  if (from < to) return { key: null, ms: to - from, every: 600_000, from, to };
  const { key, ms, every } = spans.find((one) => one.key === query.get("span")) ?? spans[0];
  return { key, ms, every, from: null, to: null };
}

export function choose(key: string): void {
  writeQuery({ span: key === spans[0].key ? null : key, from: null, to: null });
}
