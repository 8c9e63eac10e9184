// The span of time that a chart shows, as the address keeps it, and how it is moved and widened. All but `choose`, `show` and
// `goLive` is pure.

import { writeQuery } from "../../address";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

export const spans = [
  { key: "15m", ms: 15 * MINUTE, every: 4_000 },
  { key: "1h", ms: 60 * MINUTE, every: 10_000 },
  { key: "6h", ms: 360 * MINUTE, every: 30_000 },
  { key: "24h", ms: DAY, every: 60_000 },
  { key: "7d", ms: 7 * DAY, every: 300_000 },
  { key: "30d", ms: 30 * DAY, every: 600_000 },
  { key: "1y", ms: 365 * DAY, every: 600_000 },
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

export interface Moments {
  from: number;
  to: number;
}

/** What makes no sense is a quarter of an hour up to now. */
export function read(query: URLSearchParams): Span {
  const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  if (from < to) return { key: null, ms: to - from, every: 600_000, from, to };
  const { key, ms, every } = spans.find((one) => one.key === query.get("span")) ?? spans[0];
  return { key, ms, every, from: null, to: null };
}

/** The two moments of a span at this time. */
export function momentsOf({ from, to, ms }: Span, now: number): Moments {
  const end = to ?? now;
  return { from: from ?? end - ms, to: end };
}

/** Earlier or later by a share of its length; not beyond now. */
export function moved({ from, to }: Moments, share: number, now: number): Moments {
  const by = Math.min((to - from) * share, now - to);
  return { from: from + by, to: to + by };
}

/** So many times as long around its middle, or around its end where that is now; at least 10 s and at most 2 years. */
export function widened({ from, to }: Moments, factor: number, now: number): Moments {
  const length = Math.min(730 * DAY, Math.max(10_000, (to - from) * factor));
  const end = Math.min(now, (from + to) / 2 + length / 2);
  return { from: end - length, to: end };
}

/** What a field of date and time shows: the viewer's own time. */
export function fieldOf(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * MINUTE);
  return local.toISOString().slice(0, 19);
}

/** Writes two moments into the fields `from` and `to` of a form. */
export function fillFields(form: HTMLElement | null, moments: { from: number; to: number }): void {
  for (const name of ["from", "to"] as const) {
    const field = form?.querySelector<HTMLInputElement>(`input[name=${name}]`) ?? null;
    if (field !== null) field.value = fieldOf(moments[name]);
  }
}

export function choose(key: string): void {
  writeQuery({ span: key === spans[0].key ? null : key, from: null, to: null });
}

export function show({ from, to }: Moments): void {
  writeQuery({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
}

export function goLive(): void {
  writeQuery({ from: null, to: null });
}

/** Two moments as the API takes them. */
export function isoOf({ from, to }: Moments): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** What a person does with a chart of this span. */
export function choiceOf(span: Span, now: () => number) {
  return {
    zoom: (from: number, to: number) => show({ from, to }),
    out: () => {
      if (span.from !== null) goLive();
    },
    pan: (share: number) => show(moved(momentsOf(span, now()), share, now())),
  };
}
