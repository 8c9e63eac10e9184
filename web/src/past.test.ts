import { describe, expect, it } from "vitest";
import { A_MINUTE } from "./browser/request_queue";
import { Past } from "./past";
import { emptyState } from "./store";
import type { StreamStatus } from "./types";

const stream = (name: string, bitrate: number): StreamStatus => ({ server: "main", name, state: "live", since: "2026-01-01T00:00:00Z", sourceType: null, bytesReceived: 0, bytesSent: 0, readers: 0, bitrate, tracks: [] });

/** Lets every promise that can go on do so. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("the past of streams", () => {
  it("is asked for once per stream that is looked at", async () => {
    const asked: string[] = [];
    const past = new Past(
      () => 1_000_000,
      (_, name) => {
        asked.push(name);
        return Promise.resolve([{ at: new Date(900_000).toISOString(), state: "live", bitrate: 7, readers: 0 }]);
      },
    );
    past.append({ ...emptyState(), streams: new Map([["main\0a", stream("a", 5)]]) }, [stream("a", 5)]);
    expect(asked).toEqual([]);
    past.watch("main", "a");
    past.watch("main", "a");
    await settle();
    expect(asked).toEqual(["a"]);
    expect(past.of("main", "a").map((one) => one.value)).toEqual([7, 5]);
  });

  it("is asked for a few at once, and so often in a minute", async () => {
    let most = 0;
    let running = 0;
    let asked = 0;
    const past = new Past(
      () => 1_000_000,
      async () => {
        asked += 1;
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return [];
      },
    );
    for (let number = 0; number < 1_000; number += 1) past.watch("main", String(number));
    await settle();
    expect(most).toBe(4);
    expect(asked).toBe(A_MINUTE);
  });

  it("is not asked for of what has left the screen meanwhile", async () => {
    const asked: string[] = [];
    const past = new Past(
      () => 1_000_000,
      (_, name) => {
        asked.push(name);
        return Promise.resolve([]);
      },
    );
    const gone = Array.from({ length: 20 }, (_, number) => past.watch("main", `gone ${number}`));
    for (const leave of gone) leave();
    past.watch("main", "here");
    await settle();
    expect(asked).toContain("here");
    // Those on their way already, and no more.
    expect(asked.length).toBeLessThanOrEqual(5);
  });
});
