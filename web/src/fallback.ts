// What is known now, asked for: where no WebSocket comes through.

import { api } from "./api";
import { emptyState, MOST_INCIDENTS, reduce, type LiveState } from "./store";
import type { Envelope } from "./types";

/** Servers and recordings are told by the WebSocket alone: what was known of them stays. */
export async function askInstead(before: LiveState): Promise<LiveState> {
  const [streams, cameras, hosts, incidents, maintenance] = await Promise.all([api.streams(), api.cameras(), api.hosts(), api.incidents({ open: true, limit: MOST_INCIDENTS }), api.maintenance()]);
  const of = (kind: string, page: { items: readonly Envelope["item"][] }) => page.items.map((item) => ({ kind, item }));
  const items = [...of("stream", streams), ...of("camera", cameras), ...of("host", hosts), ...of("incident", incidents), ...of("maintenance", maintenance)];
  const { state } = reduce(emptyState(), { type: "snapshot", seq: 0, part: 1, parts: 1, items });
  // The WebSocket counts on from its own snapshot.
  return { ...state, servers: before.servers, recordings: before.recordings };
}
