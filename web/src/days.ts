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

/** Newest day first. A session belongs to the day it began on. */
export function byDay(sessions: readonly RecordingSession[]): Day[] {
  const days = new Map<string, RecordingSession[]>();
  for (const session of sessions) {
    const date = day(session.startedAt);
    const list = days.get(date);
    if (list === undefined) days.set(date, [session]);
    else list.push(session);
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

/** A scale that just holds what was recorded that day, with at most `most` ticks at round local times. */
export function scale(sessions: readonly RecordingSession[], now: number, most: number): Scale {
  const starts = sessions.map((one) => Date.parse(one.startedAt));
  const ends = sessions.map((one) => endOf(one, now));
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
