import { describe, expect, it } from "vitest";
import type { StreamProbe } from "../../types";
import { byTrouble, keyOf, rateWords, secondsWords } from "./probe_rows";

function probe(target: string, state: string, stream: string | null = null): StreamProbe {
  return { target, state, stream, server: stream === null ? null : "main" } as unknown as StreamProbe;
}

describe("probed streams", () => {
  it("show trouble first, and what they do not know between", () => {
    const all = [probe("b", "well"), probe("c", "out"), probe("a", "well"), probe("d", "doubtful"), probe("e", "notLive"), probe("f", "of a later version")];
    expect(byTrouble(all).map((one) => one.target)).toEqual(["c", "d", "f", "a", "b", "e"]);
  });

  it("are told apart by target and path", () => {
    expect(keyOf(probe("a", "well", "x"))).not.toBe(keyOf(probe("a", "well")));
  });

  it.each([
    [0.123, "0.12 s"],
    [-0.001, "0.00 s"],
    [-0.25, "-0.25 s"],
    [2.04, "2.0 s"],
    [14.4, "14 s"],
  ])("say %f seconds", (seconds, words) => expect(secondsWords(seconds)).toBe(words));

  it.each([
    [25.01, "25 fps"],
    [29.97, "30 fps"],
    [12.5, "12.5 fps"],
    [null, null],
  ])("say %s frames a second", (rate, words) => expect(rateWords(rate)).toBe(words));
});
