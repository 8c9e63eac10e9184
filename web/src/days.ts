// Sessions by calendar day of the viewer, and the scale of a day's timeline. Pure.

import { day } from "./format";
import type { RecordingSession } from "./types";

export interface Day {
  /** `2026-03-09`, local. */
  date: string;
  /** Oldest first. */
  sessions: RecordingSession[];
}

/** When what a session recorded ends: its end, or as far as it has come. */
export function endOf(session: RecordingSession, now: number): number {
  if (session.endedAt !== null) return Date.parse(session.endedAt);
  const media = Date.parse(session.startedAt) + session.durationMs;
  return Math.max(media, now);
}

/** Midnight that begins a local day and the one that ends it: 23, 24 or 25 hours. */
export function bounds(date: string): [number, number] {
  const [year = 0, month = 1, dayOfMonth = 1] = date.split("-").map(Number);
  return [new Date(year, month - 1, dayOfMonth).getTime(), new Date(year, month - 1, dayOfMonth + 1).getTime()];
}

/** Newest day first. A session belongs to every local day that it touches: the server cuts at midnight UTC. */
export function byDay(sessions: readonly RecordingSession[], now: number): Day[] {
  const days = new Map<string, RecordingSession[]>();
  for (const session of sessions) {
    const start = Date.parse(session.startedAt);
    const end = Math.max(start + 1, endOf(session, now));
    for (let at = start; at < end; at = bounds(day(at))[1]) {
      const date = day(at);
      const list = days.get(date);
      if (list === undefined) days.set(date, [session]);
      else list.push(session);
    }
  }
  return [...days]
    .map(([date, list]) => ({ date, sessions: list.sort((a, b) => a.startedAt.localeCompare(b.startedAt)) }))
    .sort((a, b) => b.date.localeCompare(a.date));
}

export interface Scale {
  from: number;
  to: number;
  ticks: number[];
}

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360].map((minutes) => minutes * MINUTE);
/** Shorter stretches are not worth a finer scale. */
const SHORTEST = 5 * MINUTE;

/** A scale that just holds what was recorded on a day, with at most `most` ticks at round local times. */
export function scale(sessions: readonly RecordingSession[], date: string | null, now: number, most: number): Scale {
  const [midnight, next] = date === null ? [-Infinity, Infinity] : bounds(date);
  const starts = sessions.map((one) => Math.max(midnight, Date.parse(one.startedAt)));
  const ends = sessions.map((one) => Math.min(next, endOf(one, now)));
  const first = Math.min(...starts);
  let last = Math.max(...ends);
  if (!Number.isFinite(first) || !Number.isFinite(last)) return { from: now - SHORTEST, to: now, ticks: [] };
  last = Math.max(last, first + SHORTEST);
  const margin = (last - first) * 0.015;
  const [from, to] = [first - margin, last + margin];
  return { from, to, ticks: ticks(from, to, most) };
}

/** Round local times between two moments, at most about `most` of them. */
export function ticks(from: number, to: number, most: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 720 * MINUTE;
  // Round in local time: the zone's offset at the beginning is right for the day but for the hour of a clock change.
  const offset = new Date(from).getTimezoneOffset() * MINUTE;
  const found: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) found.push(at);
  return found;
}
