// Everything the page knows about now, and the one rule by which a WebSocket message changes it. Pure: no DOM, no
// network, no clock. A message with a hole before it changes nothing and asks for a snapshot.

import type { CameraStatus, Envelope, HostStatus, Incident, Maintenance, RecordingStatus, ServerMessage, ServerStatus, StreamStatus } from "./types";

/** Key of a stream or recording: a server's name cannot hold a NUL, nor can a path's. */
export function streamKey(server: string, name: string): string {
  return `${server}\0${name}`;
}

interface Kind<Item, Key> {
  /** Its word in the change feed. */
  readonly kind: string;
  /** What identifies an item of it. */
  readonly key: (item: Item) => Key;
}

function kind<Item, Key>(word: string, key: (item: Item) => Key): Kind<Item, Key> {
  return { kind: word, key };
}

/** Every kind of the change feed, by the table that holds it here. A new kind is a line of this list. */
const KINDS = {
  servers: kind("server", (one: ServerStatus) => one.name),
  streams: kind("stream", (one: StreamStatus) => streamKey(one.server, one.name)),
  cameras: kind("camera", (one: CameraStatus) => one.id),
  recordings: kind("recording", (one: RecordingStatus) => streamKey(one.server, one.name)),
  maintenance: kind("maintenance", (one: Maintenance) => one.key),
  hosts: kind("host", (one: HostStatus) => one.name),
  incidents: kind("incident", (one: Incident) => one.id),
};

/** So many incidents that last are counted; more are "100+". */
export const MOST_INCIDENTS = 100;

type Name = keyof typeof KINDS;
type Table<One> = One extends Kind<infer Item, infer Key> ? Map<Key, Item> : never;
type Tables = { [One in Name]: Table<(typeof KINDS)[One]> };
type ReadonlyTable<One> = One extends Map<infer Key, infer Item> ? ReadonlyMap<Key, Item> : never;

export type LiveState = { readonly [One in Name]: ReadonlyTable<Tables[One]> } & {
  /** Number of the last message that was applied; null before the first snapshot. */
  readonly seq: number | null;
  /** True from the moment a hole is seen until the snapshot that fills it. */
  readonly awaiting: boolean;
  /** The parts of a snapshot that have come while others have not. */
  readonly parts: Parts | null;
};

interface Parts {
  readonly seq: number;
  readonly items: readonly Envelope[];
  /** How many have come. */
  readonly come: number;
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

const NAMES = Object.keys(KINDS) as Name[];

function tablesLike(state: Partial<LiveState>): Tables {
  return Object.fromEntries(NAMES.map((name) => [name, new Map(state[name] as ReadonlyMap<unknown, unknown> | undefined)])) as unknown as Tables;
}

export function emptyState(): LiveState {
  return { seq: null, awaiting: false, parts: null, ...tablesLike({}) };
}

/** The table of an entry, and its key there; null when it is news of a later version, not ours to show. */
function place(tables: Tables, { kind, item }: Envelope): [Map<unknown, unknown>, unknown] | null {
  const name = NAMES.find((one) => KINDS[one].kind === kind);
  if (name === undefined || typeof item !== "object" || item === null) return null;
  return [tables[name], KINDS[name].key(item as never)];
}

function put(tables: Tables, entry: Envelope): void {
  const found = place(tables, entry);
  if (found !== null) found[0].set(found[1], entry.item);
}

function drop(tables: Tables, entry: Envelope): void {
  const found = place(tables, entry);
  if (found !== null) found[0].delete(found[1]);
}

/** Puts changed fields over a thing; false when the thing is not there. What is null was taken away, or is null. */
function change(tables: Tables, entry: Envelope): boolean {
  const found = place(tables, entry);
  if (found === null) return true;
  const [table, key] = found;
  const known = table.get(key);
  if (known === undefined) return false;
  table.set(key, { ...(known as object), ...(entry.item as object) });
  return true;
}

function ignored(state: LiveState): Step {
  return { state, ask: false, applied: false, streams: [] };
}

function takePart(state: LiveState, message: ServerMessage & { type: "snapshot" }): Step {
  const before = message.part === 1 ? { seq: message.seq, items: [], come: 0 } : state.parts;
  // A part without those before it: its snapshot was overtaken by a newer connection's.
  if (before === null || before.seq !== message.seq || message.part !== before.come + 1) return ignored(state);
  const items = [...before.items, ...message.items];
  if (message.part < message.parts) return ignored({ ...state, parts: { seq: message.seq, items, come: message.part } });
  const tables = tablesLike({});
  for (const entry of items) put(tables, entry);
  return { state: { seq: message.seq, awaiting: false, parts: null, ...tables }, ask: false, applied: true, streams: [...tables.streams.values()] };
}

function missed(state: LiveState): Step {
  return { ...ignored({ ...state, awaiting: true }), ask: true };
}

export function reduce(state: LiveState, message: ServerMessage): Step {
  if (message.type === "snapshot") return takePart(state, message);
  if (message.type !== "delta" || state.awaiting) return ignored(state);
  // Deltas that were on their way before a snapshot are older than it.
  if (state.seq !== null && message.seq <= state.seq) return ignored(state);
  if (state.seq === null || message.prev > state.seq) return missed(state);
  const tables = tablesLike(state);
  for (const gone of message.remove) drop(tables, gone);
  for (const entry of message.upsert) put(tables, entry);
  if (!message.update.every((entry) => change(tables, entry))) return missed(state);
  const told = [...message.upsert, ...message.update].filter((entry) => entry.kind === KINDS.streams.kind);
  const streams = told.map((entry) => tables.streams.get(KINDS.streams.key(entry.item as StreamStatus)) as StreamStatus);
  return { state: { seq: message.seq, awaiting: false, parts: null, ...tables }, ask: false, applied: true, streams };
}
