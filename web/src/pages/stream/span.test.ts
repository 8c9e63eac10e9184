import { describe, expect, it } from "vitest";
import { fieldOf, momentsOf, moved, read, widened } from "./span";

const of = (words: string) => read(new URLSearchParams(words));

it("is a quarter of an hour where the address says nothing, or nonsense", () => {
  for (const words of ["", "span=9y", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=x&to=y"]) expect(of(words)).toMatchObject({ key: "15m", from: null });
});

it("is a span that goes with the time, or two moments", () => {
  expect(of("span=6h")).toMatchObject({ key: "6h", ms: 21_600_000, from: null });
  expect(of("from=2026-01-01T00:00:00Z&to=2026-01-01T00:10:00Z")).toMatchObject({ key: null, ms: 600_000, from: Date.parse("2026-01-01T00:00:00Z") });
  expect(momentsOf(of("span=6h"), 100_000_000)).toEqual({ from: 78_400_000, to: 100_000_000 });
});

describe("moved and widened", () => {
  const now = 10_000_000;
  it("goes earlier, and later up to now", () => {
    expect(moved({ from: 4_000_000, to: 6_000_000 }, -0.5, now)).toEqual({ from: 3_000_000, to: 5_000_000 });
    expect(moved({ from: 7_000_000, to: 9_500_000 }, 0.5, now)).toEqual({ from: 7_500_000, to: now });
  });
  it("widens around its middle, at the edge to the left", () => {
    expect(widened({ from: 4_000_000, to: 6_000_000 }, 2, now)).toEqual({ from: 3_000_000, to: 7_000_000 });
    expect(widened({ from: 8_000_000, to: now }, 2, now)).toEqual({ from: 6_000_000, to: now });
    expect(widened({ from: 4_000_000, to: 4_012_000 }, 0.5, now)).toEqual({ from: 4_001_000, to: 4_011_000 });
  });
  it("is shown in a field as the viewer's own time", () => {
    expect(Date.parse(fieldOf(1_800_000_000_000))).toBe(1_800_000_000_000);
  });
});
