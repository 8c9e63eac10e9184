import { expect, it } from "vitest";
import type { HostPoint } from "../../types";
import { columns } from "./columns";

const START = Date.parse("2026-11-30T12:00:00Z");
const MINUTE = 60_000;

const point = (minute: number): HostPoint => ({ at: new Date(START + minute * MINUTE).toISOString(), values: { cpu: { mean: minute } } }) as unknown as HostPoint;

it.each([
  ["a minute that is late", [0, 1, 3, 4], [0, 1, 3, 4]],
  ["minutes that are missing", [0, 1, 4, 5], [0, 1, null, 4, 5]],
  // As points of a day are: an outage of a quarter of an hour is not drawn over.
  ["one bucket of six minutes that is missing", [0, 6, 18, 24, 30], [0, 6, null, 18, 24, 30]],
  ["what is kept in ten minutes, looked at closely", [0, 10, 20], [0, 10, 20]],
  ["one point", [3], [3]],
  ["nothing", [], []],
])("has a hole for what was not measured: %s", (_, minutes, drawn) => {
  const { at, of } = columns(minutes.map(point));
  expect(of("cpu")).toEqual(drawn);
  expect(at.length).toBe(drawn.length);
  expect([...at].sort((one, other) => one - other)).toEqual(at);
});
