// What is said of the processes that share a database and a live store. Pure.

import type { NodeItem } from "../../types";
import { m } from "../../words/language";
import { look, type StateStyle } from "../../words/states";

export const nodeLook: Record<NodeItem["state"], StateStyle> = {
  running: look(() => m.system.nodeStates.running, { sign: "good", tone: "good" }),
  silent: look(() => m.system.nodeStates.silent, { sign: "bad", tone: "bad" }),
  stopped: look(() => m.system.nodeStates.stopped, { sign: "unknown", tone: "off" }),
};

/** What a node does in one line: which servers it polls, how many cameras it relays and streams it records. */
export function nodeWork({ polls, cameras, recordings }: NodeItem): string {
  return [
    polls.length === 0 ? null : m.system.polls(polls.join(", ")),
    cameras === 0 ? null : m.system.relays(cameras),
    recordings === 0 ? null : m.system.records(recordings),
  ]
    .filter((words) => words !== null)
    .join("; ");
}
