// What is said of the processes that share a database and a live store. Pure.

import { plural } from "../../format";
import type { NodeItem } from "../../types";
import type { Look } from "../../words/states";

export const nodeLook: Record<NodeItem["state"], Look> = {
  running: { words: "Running", sign: "good", tone: "good" },
  silent: { words: "Silent", sign: "bad", tone: "bad" },
  stopped: { words: "Stopped", sign: "unknown", tone: "off" },
};

/** What a node does in one line: which servers it polls, how many cameras it relays and streams it records. */
export function nodeWork({ polls, cameras, recordings }: NodeItem): string {
  return [
    polls.length === 0 ? null : `polls ${polls.join(", ")}`,
    cameras === 0 ? null : `relays ${plural(cameras, "camera")}`,
    recordings === 0 ? null : `records ${plural(recordings, "stream")}`,
  ]
    .filter((words) => words !== null)
    .join("; ");
}
