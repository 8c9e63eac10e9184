import { describe, expect, it } from "vitest";
import type { Anomaly } from "../../types";
import { anomaliesByTrouble, figure, usualWords } from "./anomaly_rows";

function anomaly(stream: string, state: string, since: string | null = null): Anomaly {
  return { server: "main", stream, metric: "bitrate", state, since } as unknown as Anomaly;
}

describe("numbers that may be unusual", () => {
  it("show what is unusual first, the longest before the others", () => {
    const all = [anomaly("b", "usual"), anomaly("d", "learning"), anomaly("c", "unusual", "2026-11-29T14:00:00Z"), anomaly("a", "usual"), anomaly("e", "notJudged"), anomaly("f", "unusual", "2026-11-29T13:00:00Z")];
    expect(anomaliesByTrouble(all).map((one) => one.stream)).toEqual(["f", "c", "a", "b", "e", "d"]);
  });

  it.each([
    ["bitrate", 1_240_000, 4_000_000, "1.2 Mbit/s"],
    ["bitrate", 120_400, 400_000, "120 kbit/s"],
    ["rtt", 12.34, 4, "12.3 ms"],
    ["rtt", 121.6, 40, "122 ms"],
    ["latency", 88.2, 20, "88 ms"],
    ["readers", 3, 12, "3"],
    ["fps", 12.52, 25, "12.5 fps"],
  ])("say a %s of %d", (metric, value, about, words) => expect(figure(metric, value, about)).toBe(words));

  it("say what is usual as far as it is known", () => {
    const of = (metric: string, low: number | null, median: number | null, high: number | null) => usualWords({ metric, usualLow: low, usualMedian: median, usualHigh: high } as unknown as Anomaly);
    expect(of("bitrate", 3_600_000, 4_000_000, 4_400_000)).toBe("3.6 Mbit/s to 4.4 Mbit/s");
    expect(of("rtt", null, 40, 63.4)).toBe("at most 63 ms");
    expect(of("fps", 19.2, 25, null)).toBe("at least 19.2 fps");
    expect(of("readers", null, null, null)).toBeNull();
  });
});
