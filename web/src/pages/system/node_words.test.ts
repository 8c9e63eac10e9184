import { expect, it } from "vitest";
import type { NodeItem } from "../../types";
import { nodeWork } from "./node_words";

it("a node's work is told in one line", () => {
  const idle: NodeItem = { name: "a", isThis: true, state: "running", roles: ["monitor"], polls: [], cameras: 0, recordings: 0 };
  const rows: [Partial<NodeItem>, string][] = [
    [{}, ""],
    [{ polls: ["main", "two"], cameras: 1 }, "polls main, two; relays 1 camera"],
    [{ cameras: 3, recordings: 2 }, "relays 3 cameras; records 2 streams"],
  ];
  for (const [node, words] of rows) expect(nodeWork({ ...idle, ...node })).toBe(words);
});
