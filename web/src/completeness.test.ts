import { describe, expect, it } from "vitest";
import { lastDays, levelOf, percentOf, shareOf } from "./completeness";
import type { StreamCompleteness } from "./types";

const HOUR = 3_600_000;
const START = Date.parse("2026-03-02T00:00:00Z");
const iso = (hours: number) => new Date(START + hours * HOUR).toISOString();
const row = (from: number, to: number, gaps: [number, number][]): StreamCompleteness => ({
  server: "main",
  stream: "gate",
  from: iso(from),
  to: iso(to),
  expectedMs: 0,
  storedMs: 0,
  archivedMs: 0,
  writingMs: 0,
  gaps: gaps.map(([a, b]) => ({ from: iso(a), to: iso(b), cause: "cameraDown" as const })),
});

describe("a day of a stream", () => {
  it.each([
    ["whole", row(-48, 48, []), 24, 0, 0, "whole", 100],
    ["it begins in it", row(12, 48, []), 12, 0, 0, "whole", 100],
    ["not yet recorded", row(30, 48, []), 0, 0, 0, "none", null],
    ["a gap over midnight counts in part", row(-48, 48, [[-2, 6]]), 24, 6, 1, "low", 75],
    ["nothing at all", row(-48, 48, [[-2, 40]]), 24, 24, 1, "nothing", 0],
    ["nearly whole", row(-48, 48, [[1, 1.001], [2, 2.001]]), 24, 0.002, 2, "high", 99.9],
    ["others' gaps are not its own", row(-48, 48, [[-2, -1], [25, 26]]), 24, 0, 0, "whole", 100],
  ] as const)("%s", (_, of, expected, missing, gaps, level, percent) => {
    const share = shareOf(of, START, START + 24 * HOUR);
    expect([share.expected / HOUR, share.gaps.length]).toEqual([expected, gaps]);
    expect(share.missing / HOUR).toBeCloseTo(missing, 5);
    expect([levelOf(share), percentOf(share)]).toEqual([level, percent]);
  });

  it("is one of the last days, today the last", () => {
    expect(lastDays(new Date(2026, 2, 1, 12).getTime(), 3)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  });
});
