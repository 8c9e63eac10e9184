import { describe, expect, it } from "vitest";
import type { Encoder, EncoderState } from "../../types";
import { encodersByTrouble, inTrouble, mayStart, mayStop } from "./encoder_rows";

describe("encoders", () => {
  it("show trouble first, and what they do not know between", () => {
    const encoder = (name: string, state: string) => ({ name, state }) as unknown as Encoder;
    const all = [encoder("b", "streaming"), encoder("c", "silent"), encoder("a", "streaming"), encoder("d", "frozen"), encoder("e", "of a later version"), encoder("f", "idle")];
    expect(encodersByTrouble(all).map((one) => one.name)).toEqual(["d", "c", "e", "a", "b", "f"]);
  });

  it.each<[EncoderState, boolean, boolean, boolean]>([
    ["idle", false, true, false],
    ["streaming", false, false, true],
    ["unproved", false, false, true],
    ["frozen", true, false, true],
    ["connecting", false, false, true],
    ["interrupted", true, false, true],
    ["flushing", false, false, false],
    ["silent", true, false, false],
    ["waiting", false, false, false],
    ["unknown", false, true, true],
  ])("that are %s may be told what makes sense", (state, trouble, start, end) => {
    expect([inTrouble(state), mayStart(state), mayStop(state)]).toEqual([trouble, start, end]);
  });
});
