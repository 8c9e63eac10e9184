import { expect, it } from "vitest";
import { isDue } from "./pace";

it("asks of a hidden tab once a minute, and of one that is seen whenever asked to", () => {
  const cases: [boolean, number, boolean][] = [
    [true, 0, true],
    [false, 59_000, false],
    [false, 60_000, true],
    [false, Infinity, true],
  ];
  for (const [visible, waited, due] of cases) expect([visible, waited, isDue(visible, 1_000 - waited, 1_000)]).toEqual([visible, waited, due]);
});
