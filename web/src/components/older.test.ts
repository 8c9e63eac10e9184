import { expect, it } from "vitest";
import { pushedOff } from "./older";

it("keeps what newer ones have pushed off the newest page", () => {
  const items = (ids: string) => [...ids].map((id) => ({ id }));
  // The newest first, by the alphabet.
  const cases: [string, string, string, string][] = [
    ["nothing new", "cba", "cba", ""],
    ["two new ones", "edcb", "gfed", "cb"],
    ["a whole page of new ones", "cba", "fed", "cba"],
    // It is over, and the filter asks for what lasts.
    ["one is left out", "edc", "ecb", ""],
    ["all are left out", "cba", "", ""],
  ];
  for (const [what, before, page, off] of cases) {
    const found = pushedOff(items(before), items(page), (one, other) => one.id < other.id);
    expect([what, found.map((one) => one.id).join("")]).toEqual([what, off]);
  }
});
