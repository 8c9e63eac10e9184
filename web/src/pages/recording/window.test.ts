import { describe, expect, it } from "vitest";
import { scaled, shifted, within } from "./window";

const all = { from: 0, to: 1_000_000 };

describe("the part of a day that the strip shows", () => {
  it.each([
    ["as it is", { from: 200_000, to: 300_000 }, { from: 200_000, to: 300_000 }],
    ["not beyond the begin", { from: -50_000, to: 50_000 }, { from: 0, to: 100_000 }],
    ["not beyond the end", { from: 950_000, to: 1_050_000 }, { from: 900_000, to: 1_000_000 }],
    ["not too short", { from: 500_000, to: 500_100 }, { from: 495_050, to: 505_050 }],
    ["all of it is none", { from: -1, to: 1_000_001 }, null],
  ])("%s", (_, wanted, found) => expect(within(wanted, all)).toEqual(found));

  it("keeps the moment around which it grows, and moves by its own length", () => {
    expect(scaled({ from: 0, to: 1_000_000 }, 0.5, 200_000, all)).toEqual({ from: 100_000, to: 600_000 });
    expect(scaled({ from: 100_000, to: 600_000 }, 2, 200_000, all)).toBeNull();
    expect(shifted({ from: 100_000, to: 200_000 }, 0.5, all)).toEqual({ from: 150_000, to: 250_000 });
    expect(shifted({ from: 100_000, to: 200_000 }, -5, all)).toEqual({ from: 0, to: 100_000 });
  });
});
