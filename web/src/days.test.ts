import { describe, expect, it } from "vitest";
import { byDay, endOf, scale } from "./days";
import { stretch } from "./pages/recording/stretch";
import type { RecordingSession } from "./types";

const local = (day: number, hour: number, minute = 0) => new Date(2026, 2, day, hour, minute).getTime();

function session(id: string, start: number, minutes: number | null): RecordingSession {
  const end = minutes === null ? null : new Date(start + minutes * 60_000).toISOString();
  return { id, server: "main", stream: "a", startedAt: new Date(start).toISOString(), endedAt: end, endReason: null, segments: 1, durationMs: (minutes ?? 1) * 60_000, bytes: 1 };
}

it("groups sessions by the viewer's day, newest day first, oldest session first", () => {
  const days = byDay([session("c", local(9, 8), 5), session("a", local(8, 23), 120), session("b", local(9, 1, 30), 5)], local(9, 20));
  expect(days.map((one) => [one.date, one.sessions.map((each) => each.id)])).toEqual([
    ["2026-03-09", ["a", "b", "c"]],
    ["2026-03-08", ["a"]],
  ]);
});

it("a session of days is on each of them, also on one whose clock changes", () => {
  const days = byDay([session("a", local(27, 22), 4 * 24 * 60)], local(31, 23));
  expect(days.map((one) => one.date)).toEqual(["2026-03-31", "2026-03-30", "2026-03-29", "2026-03-28", "2026-03-27"]);
});

it("a session that goes on is on the day that has just begun", () => {
  expect(byDay([session("a", local(8, 20), null)], local(9, 0, 1)).map((one) => one.date)).toEqual(["2026-03-09", "2026-03-08"]);
});

it("a session that goes on ends now", () => {
  const now = local(9, 10);
  expect(endOf(session("a", local(9, 9), null), now)).toBe(now);
  expect(endOf(session("a", local(9, 9), 30), now)).toBe(local(9, 9, 30));
});

describe("scale", () => {
  it("holds the day's sessions, with few ticks at round times", () => {
    const found = scale([session("a", local(9, 8), 30), session("b", local(9, 11), 90)], "2026-03-09", local(9, 20), 10);
    expect(found.from).toBeLessThan(local(9, 8));
    expect(found.to).toBeGreaterThan(local(9, 12, 30));
    expect(found.ticks.length).toBeGreaterThan(2);
    expect(found.ticks.length).toBeLessThanOrEqual(11);
    expect(found.ticks).toContain(local(9, 9));
  });

  it("does not blow up a few seconds to the whole width", () => {
    const found = scale([session("a", local(9, 8), 0.1)], "2026-03-09", local(9, 20), 10);
    expect(found.to - found.from).toBeGreaterThanOrEqual(5 * 60_000);
  });

  it("of a session over midnight is this day's part of it", () => {
    const night = [session("a", local(8, 20), 600)];
    expect(scale(night, "2026-03-09", local(9, 20), 10).from).toBeGreaterThan(local(8, 23));
    expect(scale(night, "2026-03-08", local(9, 20), 10).to).toBeLessThan(local(9, 1));
  });

  it("of nothing is the last minutes", () => {
    const now = local(9, 8);
    expect(scale([], null, now, 10)).toEqual({ from: now - 300_000, to: now, ticks: [] });
  });
});

describe("the stretch asked for", () => {
  const start = Date.parse("2026-03-09T14:00:00Z");

  it("leaves out the neighbours, and nothing of its own last segment, however short", () => {
    expect(stretch(session("a", start, 10), 0)).toEqual(["2026-03-09T14:00:01.000Z", "2026-03-09T14:10:00.000Z"]);
  });

  it("begins with the first frame where that is known", () => {
    expect(stretch(session("a", start + 250, 10), 0)[0]).toBe("2026-03-09T14:00:00.251Z");
  });

  it("of a session that goes on ends now", () => {
    expect(stretch(session("a", start, null), start + 90_000)[1]).toBe("2026-03-09T14:01:30.000Z");
  });

  it("of a very short session is never backwards", () => {
    const [from, to] = stretch(session("a", start, 0.01), 0);
    expect(Date.parse(to)).toBeGreaterThan(Date.parse(from));
  });
});
