import { describe, expect, it } from "vitest";
import type { NetworkProbe } from "../../types";
import { daysLeft, endpointsByTrouble, phaseWords, share, shortTime } from "./network_rows";

function probe(endpoint: string, state: string): NetworkProbe {
  return { endpoint, state } as unknown as NetworkProbe;
}

describe("probed endpoints", () => {
  it("show trouble first, and what they do not know between", () => {
    const all = [probe("b", "up"), probe("g", "degraded"), probe("c", "down"), probe("a", "up"), probe("d", "doubtful"), probe("f", "of a later version")];
    expect(endpointsByTrouble(all).map((one) => one.endpoint)).toEqual(["c", "d", "g", "f", "a", "b"]);
  });

  it.each([
    [0.000_042, "0.04 ms"],
    [0.004_26, "4.3 ms"],
    [0.0426, "43 ms"],
    [1.46, "1.5 s"],
  ])("say %f seconds", (seconds, words) => expect(shortTime(seconds)).toBe(words));

  it.each([
    [0, "0 %"],
    [0.002, "0.2 %"],
    [0.25, "25 %"],
    [1, "100 %"],
  ])("say a share of %f", (ratio, words) => expect(share(ratio)).toBe(words));

  it("name the parts that were measured", () => {
    expect(phaseWords({ resolveSeconds: null, connectSeconds: 0.0012, tlsSeconds: 0.03, answerSeconds: null })).toEqual(["connect 1.2 ms", "TLS 30 ms"]);
  });

  it.each([
    ["2026-03-19T11:00:00Z", 9],
    ["2026-03-09T13:00:00Z", 0],
    ["2026-03-09T11:00:00Z", -1],
  ])("count days until %s", (end, days) => expect(daysLeft(end, Date.parse("2026-03-09T12:00:00Z"))).toBe(days));
});
