import { describe, expect, it } from "vitest";
import { layout, pace, step } from "./layout";

describe("the wall", () => {
  it.each([1, 9, 40, 100, 300])("shows %i squares on one screen", (count) => {
    const { columns, height } = layout(count, 1_360, 700);
    const rows = Math.ceil(count / columns);
    expect(rows * height + (rows - 1) * 6).toBeLessThanOrEqual(701);
  });
  it("says less where there is less room", () => {
    expect([20, 150, 3_000].map((count) => layout(count, 1_360, 700).says)).toEqual(["full", "short", "sign"]);
  });
  it("is walked by arrows, and not over its edge", () => {
    expect(step("ArrowDown", 1, 4, 10)).toBe(5);
    expect(step("ArrowDown", 8, 4, 10)).toBe(8);
    expect(step("ArrowLeft", 0, 4, 10)).toBe(0);
    expect(step("End", 0, 4, 10)).toBe(9);
    expect(step("x", 0, 4, 10)).toBe(null);
  });
  it("is drawn more seldom where drawing takes long, and again sooner when it does not", () => {
    expect(pace(1_000, 200)).toBe(2_000);
    expect(pace(10_000, 200)).toBe(10_000);
    expect(pace(4_000, 5)).toBe(2_000);
    expect(pace(1_000, 5)).toBe(1_000);
  });
});
