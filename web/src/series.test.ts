import { describe, expect, it } from "vitest";
import { append, seed, shape, top, WINDOW, type Point } from "./series";

const line = (...values: (number | null)[]): Point[] => values.map((value, index) => ({ at: index * 2_000, value }));

describe("points", () => {
  it("keep to the window and to the order of time", () => {
    const points = line(1, 2);
    append(points, { at: WINDOW + 1_000, value: 3 });
    expect(points.map((one) => one.value)).toEqual([2, 3]);
    append(points, { at: 5, value: 9 });
    expect(points.map((one) => one.value)).toEqual([2, 3]);
  });

  it("take an older past in front, without what is known already", () => {
    const known = [{ at: 4_000, value: 3 }];
    expect(seed(known, line(1, 2, 9)).map((one) => one.value)).toEqual([1, 2, 3]);
    expect(seed([], line(1)).length).toBe(1);
  });
});

it.each([
  [[], 1],
  [[0, null], 1],
  [[2_100_000], 2_500_000],
  [[2_480_000], 5_000_000],
  [[9_900_000], 20_000_000],
  [[1_000_000], 2_000_000],
])("the scale of %j ends at %s", (values, most) => expect(top(line(...values))).toBe(most));

describe("shape", () => {
  const span = [0, 10_000, 100, 22] as const;

  it("joins what belongs together and closes the area", () => {
    expect(shape(line(0, 10), ...span, 10)).toEqual({ line: "M0 21L20 1", area: "M0 22L0 21L20 1L20 22Z" });
  });

  it("breaks at an unknown value and at a gap", () => {
    expect(shape(line(1, 1, null, 1, 1), ...span, 10).line.match(/M/g)).toHaveLength(2);
    const gap = [...line(1, 1), { at: 8_000, value: 1 }, { at: 10_000, value: 1 }];
    expect(shape(gap, ...span, 10, 3_000).line.match(/M/g)).toHaveLength(2);
    expect(shape(gap, ...span, 10, 9_000).line.match(/M/g)).toHaveLength(1);
  });

  it("cuts what lies above the scale or outside the time", () => {
    const points = [{ at: -2_000, value: 1 }, ...line(99, 99), { at: 12_000, value: 1 }];
    expect(shape(points, ...span, 10).line).toBe("M0 1L20 1");
  });

  it("a single point makes no line", () => expect(shape(line(5), ...span, 10).line).toBe(""));
});
