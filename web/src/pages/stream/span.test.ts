import { expect, it } from "vitest";
import { read } from "./span";

const of = (words: string) => read(new URLSearchParams(words));

it("is a quarter of an hour where the address says nothing, or nonsense", () => {
  for (const words of ["", "span=9y", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=x&to=y"]) expect(of(words)).toMatchObject({ key: "15m", from: null });
});

it("is a span that goes with the time, or two moments", () => {
  expect(of("span=6h")).toMatchObject({ key: "6h", ms: 21_600_000, from: null });
  expect(of("from=2026-01-01T00:00:00Z&to=2026-01-01T00:10:00Z")).toMatchObject({ key: null, ms: 600_000, from: Date.parse("2026-01-01T00:00:00Z") });
});
