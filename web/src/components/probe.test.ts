import { expect, it } from "vitest";
import type { Probe } from "../types";
import { CameraProbe } from "./probe";

const probe = (at: string) => ({ at, ok: true }) as Probe;

it("tells of a finding whether what was looked at is another by now", async () => {
  const words = "changed";
  const during: [string, (look: CameraProbe) => void, string | null][] = [
    ["nothing", () => undefined, null],
    ["changed", (look) => look.old(words), words],
    ["changed and back", (look) => (look.old(words), look.old(null)), null],
  ];
  for (const [what, change, age] of during) {
    let answer: (probe: Probe) => void = () => undefined;
    const look = new CameraProbe(() => new Promise((resolve) => (answer = resolve)));
    look.old("of the look before");
    const over = look.look();
    change(look);
    answer(probe("2026-03-09T14:00:00Z"));
    await over;
    expect([what, look.state.peek().age]).toEqual([what, age]);
    look.old(words);
    look.news(probe("2026-03-09T14:00:01Z"));
    expect([what, look.state.peek().age]).toEqual([what, null]);
  }
});
