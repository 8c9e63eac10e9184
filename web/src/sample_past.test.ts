import { expect, it } from "vitest";
import { hearSample, sampleShare, sampleUntil } from "./sample_past";

it.each([
  [0, 100, null, 0],
  [0, 100, -5, 0],
  [0, 100, 25, 0.25],
  [0, 100, 500, 1],
  [50, 100, 50, 0],
])("of %d to %d, made up until %s: %d", (from, to, until, share) => expect(sampleShare(from, to, until)).toBe(share));

it("is heard from any answer that goes back so far, and kept", () => {
  hearSample({ sampleUntil: "2026-11-28T12:00:00Z" });
  hearSample({});
  expect(sampleUntil.value).toBe(Date.UTC(2026, 10, 28, 12));
});
