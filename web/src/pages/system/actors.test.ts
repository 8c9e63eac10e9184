import { describe, expect, it } from "vitest";
import type { Actor } from "../../types";
import { countActors, keepActors, stateWords } from "./actors";

const actor = (name: string, health: Actor["health"] = "running", children: Actor[] = [], restarts = 0): Actor => ({ name, kind: "relay", health, generation: 1, restarts, lastExit: null, uptimeSeconds: 1, state: null, children });

const tree = actor("root", "running", [actor("restream", "running", [actor("cam1", "restarting", [], 3), actor("cam2")]), actor("monitor")]);

it("counts all, those that run and all restarts", () => expect(countActors(tree)).toEqual({ all: 5, running: 4, restarts: 3 }));

describe("a filter", () => {
  const names = (found: Actor | null): unknown => (found === null ? null : [found.name, ...found.children.map(names)]);
  it("keeps the way down", () => expect(names(keepActors(tree, "cam1"))).toEqual(["root", ["restream", ["cam1"]]]));
  it("finds by state", () => expect(names(keepActors(tree, "restarting"))).toEqual(["root", ["restream", ["cam1"]]]));
  it("of nothing keeps everything", () => expect(keepActors(tree, " ")).toBe(tree));
  it("that finds nothing is empty", () => expect(keepActors(tree, "cam9")).toBeNull());
});

it("tells plain values, none of them long", () => expect(stateWords({ a: 1, b: true, c: "x", n: 22.175444, t: "2026-11-29T01:51:54.770409056Z", d: "y".repeat(41), e: [1], f: null })).toBe("a 1, b true, c x, n 22.2, t 2026-11-29T01:51:54Z"));
