import { expect, it } from "vitest";
import { RequestQueue } from "./browser/request_queue";
import { DayPast } from "./day_past";
import type { Known } from "./day_states";

const MINUTE = 60_000;
const BEGUN = 1_000 * MINUTE;

/** How often is asked by whoever looks twice, the second time so much later, at a stream whose state is of then. */
async function asked(later: number, since: number, first: () => Promise<Known>): Promise<number> {
  let now = BEGUN;
  let times = 0;
  const ask = () => {
    times += 1;
    return times === 1 ? first() : Promise.resolve({ items: [], gaps: [] });
  };
  const past = new DayPast(() => now, new RequestQueue(() => now), ask);
  const leave = past.watch("main", "gate", BEGUN - MINUTE);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  now += later;
  leave();
  past.watch("main", "gate", since);
  return times;
}

it("asks again for what has grown old, has changed since, or could not be read", async () => {
  const fine = () => Promise.resolve({ items: [], gaps: [] });
  const away = () => Promise.reject(new Error("away"));
  const cases: [string, number, number, () => Promise<Known>, number][] = [
    ["is fresh", 9 * MINUTE, BEGUN - MINUTE, fine, 1],
    ["is old", 11 * MINUTE, BEGUN - MINUTE, fine, 2],
    // An outage that began and ended meanwhile is in the history only.
    ["has changed since", MINUTE, BEGUN + MINUTE / 2, fine, 2],
    ["could not be read", MINUTE, BEGUN - MINUTE, away, 2],
  ];
  for (const [what, later, since, first, times] of cases) expect([what, await asked(later, since, first)]).toEqual([what, times]);
});
