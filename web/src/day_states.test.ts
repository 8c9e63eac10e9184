import { describe, expect, it } from "vitest";
import { DAY, dayStates, STEP, type Known, type Seen } from "./day_states";

const NOW = Date.parse("2026-03-02T12:00:00Z");
const iso = (ago: number) => new Date(NOW - ago).toISOString();
/** Points of one state, `from` to `to` before now. */
const points = (state: Seen["state"], from: number, to: number): Seen[] => {
  const all: Seen[] = [];
  for (let ago = from; ago > to; ago -= STEP) all.push({ at: iso(ago), ...(state === undefined ? {} : { state }) });
  return all;
};
const known = (items: readonly Seen[], gaps: Known["gaps"] = []): Known => ({ items, gaps });
const HOUR = 3_600_000;
const shown = (of: ReturnType<typeof dayStates>) => of.stretches.map((one) => [one.state, Math.round((one.to - one.from) / 60_000)]);

describe("the states of a day", () => {
  it("is not watched where nothing is known, and what it is now since then", () => {
    const found = dayStates(known([]), { state: "live", since: iso(HOUR) }, NOW);
    expect(shown(found)).toEqual([[null, 23 * 60], ["live", 60]]);
    expect(found).toMatchObject({ live: 1, outages: 0 });
  });

  it("shows an outage between two times that were live", () => {
    const seen = [...points("live", DAY, 2 * HOUR), ...points("offline", 2 * HOUR, HOUR), ...points("live", HOUR, 0)];
    const found = dayStates(known(seen), { state: "live", since: iso(HOUR) }, NOW);
    expect(shown(found)).toEqual([["live", 22 * 60], ["offline", 60], ["live", 60]]);
    expect(found.outages).toBe(1);
    expect(found.live).toBeCloseTo(23 / 24);
  });

  it("counts stalled and then offline as one outage", () => {
    const seen = [...points("live", DAY, 2 * HOUR), ...points("stalled", 2 * HOUR, HOUR)];
    const found = dayStates(known(seen), { state: "offline", since: iso(HOUR) }, NOW);
    expect(found.outages).toBe(1);
    expect(found.live).toBeCloseTo(22 / 24);
  });

  it("keeps a hole in which nobody watched, and does not count it", () => {
    const seen = [...points("live", DAY, 12 * HOUR), ...points("live", 6 * HOUR, 0)];
    const found = dayStates(known(seen), { state: "live", since: iso(5 * HOUR) }, NOW);
    expect(shown(found)).toEqual([["live", 12 * 60], [null, 6 * 60], ["live", 6 * 60]]);
    expect(found.live).toBe(1);
  });

  it("lets the change itself end what was before it, not the coarse point", () => {
    const seen = [...points("live", 20 * 60_000, 0)];
    const found = dayStates(known(seen), { state: "offline", since: iso(60_000) }, NOW);
    expect(shown(found).slice(-2)).toEqual([["live", 19], ["offline", 1]]);
  });

  it("does not count what is unknown", () => {
    const found = dayStates(known(points("unknown", DAY, 0)), { state: "unknown", since: iso(DAY) }, NOW);
    expect(found).toMatchObject({ live: null, outages: 0 });
  });

  it("claims nothing before the first sample and after the last", () => {
    const seen = [{ at: iso(30 * 60_000), state: "offline" as const }, { at: iso(20 * 60_000), state: "live" as const }];
    const gaps = [{ from: iso(DAY), to: iso(30 * 60_000) }, { from: iso(18 * 60_000), to: iso(5 * 60_000) }];
    const found = dayStates(known(seen, gaps), { state: "live", since: iso(60_000) }, NOW);
    expect(shown(found)).toEqual([[null, 23.5 * 60], ["offline", 10], ["live", 2], [null, 17], ["live", 1]]);
  });

  it("is an outage of nine seconds where it was one, however new the stream", () => {
    const seen = [{ at: iso(20 * 60_000), state: "offline" as const }, { at: iso(20 * 60_000 - 9_000), state: "live" as const }];
    const found = dayStates(known(seen), { state: "live", since: iso(20 * 60_000 - 9_000) }, NOW);
    expect(found.live).toBeCloseTo(1 - 9 / 1_200);
  });
});
