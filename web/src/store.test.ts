import { describe, expect, it } from "vitest";
import { emptyState, reduce, streamKey, type LiveState } from "./store";
import feed from "./feed.fixture.json";
import type { CameraStatus, Envelope, ServerMessage, StreamStatus } from "./types";

const since = "2026-03-09T14:00:00Z";

function stream(name: string, change: Partial<StreamStatus> = {}): Envelope {
  const item = { server: "main", name, state: "live", since, sourceType: "rtspSession", bytesReceived: 1, bytesSent: 0, readers: 2, bitrate: 1_000, tracks: [], ...change };
  return { kind: "stream", item };
}

function recording(name: string): Envelope {
  return { kind: "recording", item: { server: "main", name, state: "recording", since, session: null, segments: 3, reason: null } };
}

function camera(id: number, change: Record<string, unknown> = {}): Envelope {
  const status: CameraStatus = { id, name: `cam${id}`, kind: "generic", host: null, enabled: true, record: true, state: "running", since, restarts: 0, lastError: null, nextStart: null, server: "main", path: `cam${id}` };
  return { kind: "camera", item: { ...status, ...change } };
}

function snapshot(seq: number, ...items: Envelope[]): ServerMessage {
  return { type: "snapshot", seq, part: 1, parts: 1, items };
}

function delta(seq: number, change: Partial<ServerMessage & { type: "delta" }> = {}): ServerMessage {
  return { type: "delta", seq, prev: seq - 1, upsert: [], update: [], remove: [], ...change };
}

function after(...messages: ServerMessage[]): LiveState {
  return messages.reduce((state, message) => reduce(state, message).state, emptyState());
}

const names = (state: LiveState) => [...state.streams.values()].map((one) => one.name);

describe("snapshot", () => {
  it("replaces everything that was known", () => {
    const state = after(snapshot(5, stream("a"), camera(1)), snapshot(9, stream("b")));
    expect(names(state)).toEqual(["b"]);
    expect(state.cameras.size).toBe(0);
    expect(state.seq).toBe(9);
  });

  it("sorts items into their tables by their kind, whatever their fields", () => {
    const server: Envelope = { kind: "server", item: { name: "main", reachable: true, since, restarts: 3, bytesReceived: 1 } };
    const state = after(snapshot(1, server, stream("a"), recording("a"), camera(7)));
    expect(state.servers.get("main")?.reachable).toBe(true);
    expect(state.streams.get(streamKey("main", "a"))?.bitrate).toBe(1_000);
    expect(state.recordings.get(streamKey("main", "a"))?.segments).toBe(3);
    expect(state.cameras.get(7)?.name).toBe("cam7");
  });

  it("comes in parts, and shows when the last one is there", () => {
    const part = (seq: number, part: number, ...items: Envelope[]): ServerMessage => ({ type: "snapshot", seq, part, parts: 3, items });
    const before = after(snapshot(1, stream("z")));
    const two = after(snapshot(1, stream("z")), part(5, 1, stream("a")), part(5, 2, stream("b")));
    expect(names(two)).toEqual(names(before));
    expect(names(reduce(two, part(5, 3, stream("c"))).state)).toEqual(["a", "b", "c"]);
    // Parts of two snapshots are not mixed; a new first part begins anew.
    expect(reduce(two, part(6, 3, stream("c"))).applied).toBe(false);
    const anew = [part(6, 1, stream("d")), part(6, 2), part(6, 3)].reduce((state, message) => reduce(state, message).state, two);
    expect(names(anew)).toEqual(["d"]);
  });

  it("may begin anew with a smaller number: the server was restarted", () => {
    const state = after(snapshot(500, stream("a")), snapshot(1, stream("b")));
    expect(state.seq).toBe(1);
    expect(reduce(state, delta(2)).applied).toBe(true);
  });

  it("skips items of a kind that it does not know", () => {
    const state = after(snapshot(1, { kind: "ofALaterVersion", item: { id: "x", reachable: true } }, { kind: "stream", item: null }, stream("a")));
    expect(names(state)).toEqual(["a"]);
  });
});

it("a camera keeps the kind of its make", () => {
  const state = after(snapshot(1, camera(1, { kind: "axis" })));
  expect(state.cameras.get(1)?.kind).toBe("axis");
});

describe("the feed as the server writes it", () => {
  // The same file is what the server's tests compare their frames with.
  it("is a snapshot with one of each kind, changes, and a delta that takes all of them away", () => {
    const state = after(feed.snapshot as ServerMessage);
    expect(state.servers.get("main")?.reachable).toBe(true);
    expect(state.streams.get(streamKey("main", "front"))?.bytesReceived).toBe(1);
    expect(state.cameras.get(7)).toMatchObject({ kind: "hikvision", label: "Eingang Süd" });
    expect(state.recordings.get(streamKey("main", "front"))?.segments).toBe(3);
    const changed = reduce(state, feed.delta as ServerMessage);
    expect(changed).toMatchObject({ applied: true, ask: false });
    expect(changed.streams).toEqual([changed.state.streams.get(streamKey("main", "front"))]);
    expect(changed.streams[0]).toMatchObject({ bytesReceived: 2, reason: "slow", readers: 2, state: "live" });
    const step = reduce(changed.state, feed.removal as ServerMessage);
    expect(step).toMatchObject({ applied: true, ask: false, streams: [] });
    const left = [step.state.servers, step.state.streams, step.state.cameras, step.state.recordings];
    expect(left.map((table) => table.size)).toEqual([1, 0, 0, 0]);
  });
});

describe("delta", () => {
  it("adds, changes and removes, and leaves the state before it as it was", () => {
    const before = after(snapshot(1, stream("a"), stream("b"), recording("b"), camera(1)));
    const step = reduce(before, delta(2, {
      upsert: [stream("a", { readers: 9 }), stream("c")],
      remove: [
        { kind: "stream", item: { server: "main", name: "b" } },
        { kind: "recording", item: { server: "main", name: "b" } },
        { kind: "camera", item: { id: 1 } },
        { kind: "ofALaterVersion", item: { id: "x" } },
      ],
    }));
    expect(step).toMatchObject({ applied: true, ask: false });
    expect(step.streams.map((one) => one.name)).toEqual(["a", "c"]);
    expect(names(step.state)).toEqual(["a", "c"]);
    expect(step.state.streams.get(streamKey("main", "a"))?.readers).toBe(9);
    expect(step.state.recordings.size + step.state.cameras.size).toBe(0);
    expect(names(before)).toEqual(["a", "b"]);
  });

  it("changed fields go over what was known, and the thing before it stays as it was", () => {
    const before = after(snapshot(1, stream("a", { readers: 3, reason: "slow" })));
    const update = [{ kind: "stream", item: { server: "main", name: "a", readers: 4, reason: null } }];
    const step = reduce(before, delta(2, { update }));
    expect(step.state.streams.get(streamKey("main", "a"))).toMatchObject({ readers: 4, reason: null, bitrate: 1_000 });
    expect(before.streams.get(streamKey("main", "a"))?.readers).toBe(3);
  });

  it("a change of something that is not there is a hole", () => {
    const step = reduce(after(snapshot(1)), delta(2, { update: [{ kind: "stream", item: { server: "main", name: "a", readers: 4 } }] }));
    expect(step).toMatchObject({ applied: false, ask: true });
    const unknown = reduce(after(snapshot(1)), delta(2, { update: [{ kind: "ofALaterVersion", item: { id: 1 } }] }));
    expect(unknown).toMatchObject({ applied: true, ask: false });
  });

  it("numbers may skip what others got: only an older frame than the last one that was ours is a hole", () => {
    const state = after(snapshot(4, stream("a")));
    expect(reduce(state, delta(9, { prev: 2 })).applied).toBe(true);
    expect(reduce(state, delta(9, { prev: 4 })).applied).toBe(true);
    expect(reduce(state, delta(9, { prev: 5 }))).toMatchObject({ applied: false, ask: true });
  });

  it("a hole asks for a snapshot once and changes nothing until it comes", () => {
    const before = after(snapshot(1, stream("a")));
    const hole = reduce(before, delta(3, { upsert: [stream("b")] }));
    expect(hole).toMatchObject({ applied: false, ask: true });
    expect(names(hole.state)).toEqual(["a"]);
    const next = reduce(hole.state, delta(4, { upsert: [stream("c")] }));
    expect(next).toMatchObject({ applied: false, ask: false });
    const healed = reduce(next.state, snapshot(4, stream("a"), stream("b"), stream("c")));
    expect(names(healed.state)).toEqual(["a", "b", "c"]);
    expect(reduce(healed.state, delta(5)).applied).toBe(true);
  });

  it("one that was on its way before the snapshot is older than it", () => {
    const state = after(snapshot(8, stream("a")));
    const late = reduce(state, delta(8, { upsert: [stream("b")] }));
    expect(late).toMatchObject({ applied: false, ask: false });
    expect(late.state).toBe(state);
  });

  it("before any snapshot asks for one", () => {
    expect(reduce(emptyState(), delta(1))).toMatchObject({ ask: true, applied: false });
  });

  it("a message of a later version changes nothing", () => {
    const state = after(snapshot(1, stream("a")));
    const step = reduce(state, { type: "notice", seq: 2 } as unknown as ServerMessage);
    expect(step).toMatchObject({ applied: false, ask: false });
    expect(step.state).toBe(state);
  });
});

it("streams of one name on two servers are two", () => {
  const state = after(snapshot(1, stream("a"), stream("a", { server: "backup" })));
  expect(state.streams.size).toBe(2);
});
