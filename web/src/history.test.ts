import { describe, expect, it } from "vitest";
import { bandTable, table } from "./history";
import { broken, brokenPoints } from "./pages/stream/gaps";
import { runsOf } from "./runs";
import type { MetricPoint, Sample } from "./types";

const sample = (second: number, state: Sample["state"] = "live", bitrate: number | null = 1_000): Sample => ({ at: new Date(second * 1000).toISOString(), state, bitrate, readers: 2 });

describe("table", () => {
  it("keeps what was measured, and no bitrate of what was not live", () => {
    const rows = table([sample(0), sample(2, "stalled"), sample(4, "live", null)], 15_000);
    expect(rows.at).toEqual([0, 2, 4]);
    expect(rows.bitrate).toEqual([1_000, null, null]);
    expect(rows.readers).toEqual([2, 2, 2]);
  });

  it("breaks the line where nobody looked", () => {
    const rows = table([sample(0), sample(2), sample(60)], 15_000);
    expect(rows.bitrate).toEqual([1_000, 1_000, null, 1_000]);
    expect(rows.samples[2]).toBeUndefined();
    expect(rows.at).toEqual([...rows.at].sort((a, b) => a - b));
  });
});

describe("runs", () => {
  it("join samples of one state, and the last goes on to the end", () => {
    const runs = runsOf([sample(0), sample(2), sample(4, "offline"), sample(6, "offline")], [], 0, 10_000);
    expect(runs).toEqual([
      { state: "live", from: 0, to: 4_000 },
      { state: "offline", from: 4_000, to: 10_000 },
    ]);
  });

  it("leave out the times of which nothing is known", () => {
    const gap = (from: number, to: number) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    const found = runsOf([sample(2), sample(4, "offline"), sample(8, "offline")], [gap(0, 2_000), gap(5_000, 8_000), gap(9_000, 10_000)], 0, 10_000);
    expect(found.map((one) => [one.state, one.from, one.to])).toEqual([
      ["live", 2_000, 4_000],
      ["offline", 4_000, 5_000],
      ["offline", 8_000, 9_000],
    ]);
  });

  it("leave out what is outside", () => expect(runsOf([sample(0), sample(50)], [], 10_000, 20_000)).toEqual([]));
});

it("a band breaks where nothing was measured", () => {
  const point = (second: number) => ({ at: new Date(second * 1000).toISOString(), min: 1, mean: 2, max: 3 });
  const rows = bandTable([point(0), point(60), point(600)], 180_000);
  expect(rows.at).toEqual([0, 60, 60.001, 600]);
  expect(rows.mean).toEqual([2, 2, null, 2]);
  expect([rows.min[0], rows.max[0]]).toEqual([1, 3]);
});

it("breaks the line where the server knows of a gap, however short", () => {
  const samples = [sample(0), sample(60), sample(80)];
  expect(table(samples, 95_000).bitrate).toEqual([1_000, 1_000, 1_000]);
  const lines = broken(samples, [{ from: sample(60).at, to: sample(80).at, reason: "notMeasured" }]);
  expect(table(lines, 95_000).bitrate).toEqual([1_000, 1_000, null, 1_000]);
});

it("breaks what is measured beside the bitrate where the bitrate has a hole", () => {
  const item = (second: number, state: Sample["state"], value: number | null): MetricPoint => ({ ...sample(second, state), values: value === null ? {} : { rtt: { min: value, mean: value, max: value, last: value } } });
  const items = [item(0, "live", 4), item(60, "live", 5), item(90, "live", 6), item(120, "offline", null), item(150, "live", 7)];
  const found = brokenPoints(items, [{ from: sample(60).at, to: sample(80).at, reason: "notMeasured" }, { from: sample(151).at, to: sample(160).at, reason: "notMeasured" }], "rtt");
  expect(bandTable(found, 180_000).mean).toEqual([4, 5, null, 6, null, 7]);
  expect(brokenPoints(items, [], "lossRate")).toEqual([]);
});
