import { expect, it } from "vitest";
import type { Segment, SegmentState } from "../../types";
import { merged, unfinished } from "./listed_segments";

const BEGIN = Date.parse("2026-03-09T14:00:00Z");
const at = (minute: number) => BEGIN + minute * 60_000;

/** One of a minute. */
function segment(minute: number, state: SegmentState = "uploaded"): Segment {
  return { id: String(minute), startedAt: new Date(at(minute)).toISOString(), durationMs: state === "writing" ? 0 : 60_000, state } as Segment;
}

const told = (items: readonly Segment[]) => items.map((one) => `${one.id} ${one.state}`);

it("takes what is found for the time that was asked for, and keeps the rest", () => {
  const cases: [string, Segment[], Segment[], [number, number], string[]][] = [
    ["nothing known", [], [segment(1), segment(0)], [0, 2], ["1 uploaded", "0 uploaded"]],
    ["stored meanwhile", [segment(1, "uploading"), segment(0)], [segment(1)], [1, 2], ["1 uploaded", "0 uploaded"]],
    ["complete meanwhile", [segment(1, "writing"), segment(0)], [segment(1, "sealed")], [1, 2], ["1 sealed", "0 uploaded"]],
    ["deleted meanwhile", [segment(2), segment(1), segment(0)], [segment(2)], [1, 3], ["2 uploaded", "0 uploaded"]],
    ["an older part", [segment(2)], [segment(0)], [0, 1], ["2 uploaded", "0 uploaded"]],
  ];
  for (const [what, before, found, [from, to], wanted] of cases) expect([what, told(merged(before, found, at(from), at(to)))]).toEqual([what, wanted]);
});

it("asks again for the time of what is not stored yet", () => {
  const cases: [SegmentState, boolean][] = [
    ["writing", true],
    ["sealed", true],
    ["uploading", true],
    ["uploaded", false],
    ["evicted", false],
    ["missing", false],
    ["lost", false],
    ["deleted", false],
  ];
  for (const [state, open] of cases) {
    const to = state === "writing" ? at(1) + 1 : at(2);
    expect([state, unfinished([segment(2), segment(1, state), segment(0)])]).toEqual([state, open ? { from: at(1), to } : null]);
  }
});
