import { expect, it } from "vitest";
import { pushedOff } from "./older";

it("keeps what newer ones have pushed off the newest page", () => {
  // The newest first, by the alphabet; a and b are of the same time.
  const at = (id: string) => new Date(1_800_000_000_000 + 1_000 * Math.max("b".charCodeAt(0), id.charCodeAt(0))).toISOString();
  const items = (ids: string) => [...ids].map((id) => ({ id, at: at(id) }));
  const cases: [string, string, string, string][] = [
    ["nothing new", "cba", "cba", ""],
    ["two new ones", "edcb", "gfed", "cb"],
    ["a whole page of new ones", "cba", "fed", "cba"],
    ["of one time by id", "cba", "dcb", "a"],
    // It is over, and the filter asks for what lasts.
    ["one is left out", "edc", "ecb", ""],
    ["all are left out", "cba", "", ""],
  ];
  for (const [what, before, page, off] of cases) {
    const found = pushedOff(items(before), items(page), (one) => one.at);
    expect([what, found.map((one) => one.id).join("")]).toEqual([what, off]);
  }
});
