// Everything the page knows about now, and the one rule by which a WebSocket message changes it. Pure: no DOM, no
// network, no clock. A message with a hole before it changes nothing and asks for a snapshot.

import type {
  CameraStatus,
  Gone,
  Item,
  RecordingStatus,
  ServerMessage,
  ServerStatus,
  StreamItem,
  StreamStatus,
} from "./types";

export interface LiveState {
  /** Number of the last message that was applied; null before the first snapshot. */
  readonly seq: number | null;
  /** True from the moment a hole is seen until the snapshot that fills it. */
  readonly awaiting: boolean;
  readonly servers: ReadonlyMap<string, ServerStatus>;
  readonly streams: ReadonlyMap<string, StreamStatus>;
  readonly cameras: ReadonlyMap<number, CameraStatus>;
  readonly recordings: ReadonlyMap<string, RecordingStatus>;
}

export interface Step {
  state: LiveState;
  /** The client must ask the server for a snapshot. */
  ask: boolean;
  /** The message was applied. */
  applied: boolean;
  /** The streams it told about: each is one new reading. */
  streams: readonly StreamStatus[];
}

/** Key of a stream or recording: a server's name cannot hold a NUL, nor can a path's. */
export function streamKey(server: string, name: string): string {
  return `${server}\0${name}`;
}

export function emptyState(): LiveState {
  return {
    seq: null,
    awaiting: false,
    servers: new Map(),
    streams: new Map(),
    cameras: new Map(),
    recordings: new Map(),
  };
}

interface Tables {
  servers: Map<string, ServerStatus>;
  streams: Map<string, StreamStatus>;
  cameras: Map<number, CameraStatus>;
  recordings: Map<string, RecordingStatus>;
}

/** What an item is, told by its fields: a camera's own `kind` (of its make) may hide the item's. */
function put(tables: Tables, item: Item, before: LiveState): void {
  if ("reachable" in item) tables.servers.set(item.name, item);
  else if ("bytesReceived" in item) tables.streams.set(streamKey(item.server, item.name), item);
  else if ("restarts" in item) tables.cameras.set(item.id, withKind(item, before.cameras.get(item.id)));
  else if ("segments" in item) tables.recordings.set(streamKey(item.server, item.name), item);
  // Anything else is news of a later version: not ours to show.
}

function withKind(item: CameraStatus, before: CameraStatus | undefined): CameraStatus {
  if (item.kind !== "camera") return item;
  const kind = (item as { cameraKind?: string }).cameraKind ?? before?.kind ?? "";
  return { ...item, kind };
}

function drop(tables: Tables, gone: Gone): void {
  if (gone.kind === "camera") tables.cameras.delete(gone.id);
  else if (gone.kind === "stream") tables.streams.delete(streamKey(gone.server, gone.name));
  else if (gone.kind === "recording") tables.recordings.delete(streamKey(gone.server, gone.name));
}

export function reduce(state: LiveState, message: ServerMessage): Step {
  if (message.type === "snapshot") {
    const tables: Tables = { servers: new Map(), streams: new Map(), cameras: new Map(), recordings: new Map() };
    for (const item of message.items) put(tables, item, state);
    return { state: { seq: message.seq, awaiting: false, ...tables }, ask: false, applied: true, streams: [...tables.streams.values()] };
  }
  const ignored: Step = { state, ask: false, applied: false, streams: [] };
  if (message.type !== "delta" || state.awaiting) return ignored;
  // Deltas that were on their way before a snapshot are older than it.
  if (state.seq !== null && message.seq <= state.seq) return ignored;
  if (state.seq === null || message.seq !== state.seq + 1) return { ...ignored, state: { ...state, awaiting: true }, ask: true };
  const tables: Tables = {
    servers: new Map(state.servers),
    streams: new Map(state.streams),
    cameras: new Map(state.cameras),
    recordings: new Map(state.recordings),
  };
  for (const gone of message.remove) drop(tables, gone);
  for (const item of message.upsert) put(tables, item, state);
  const streams = message.upsert.filter((item): item is StreamItem => "bytesReceived" in item);
  return { state: { seq: message.seq, awaiting: false, ...tables }, ask: false, applied: true, streams };
}
