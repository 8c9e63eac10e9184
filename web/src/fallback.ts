// What is known now, asked for: where no WebSocket comes through.

import { api } from "./api";
import { emptyState, MOST_INCIDENTS, reduce, type LiveState } from "./store";

/** Servers and recordings are told by the WebSocket alone: what was known of them stays. */
export async function askInstead(before: LiveState): Promise<LiveState> {
  const [streams, cameras, hosts, incidents] = await Promise.all([api.streams(), api.cameras(), api.hosts(), api.incidents({ open: true, limit: MOST_INCIDENTS })]);
  const items = [...streams.items.map((item) => ({ kind: "stream", item })), ...cameras.items.map((item) => ({ kind: "camera", item })), ...hosts.items.map((item) => ({ kind: "host", item })), ...incidents.items.map((item) => ({ kind: "incident", item }))];
  const { state } = reduce(emptyState(), { type: "snapshot", seq: 0, part: 1, parts: 1, items });
  // The WebSocket counts on from its own snapshot.
  return { ...state, servers: before.servers, recordings: before.recordings };
}
