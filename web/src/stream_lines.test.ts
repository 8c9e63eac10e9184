import { describe, expect, it } from "vitest";
import { emptyState, streamKey, type LiveState } from "./store";
import { count, lineSince, linesOf, reasonOf } from "./stream_lines";
import { lead } from "./summary_words";
import type { CameraStatus, PlanView, ServerStatus, Status, StreamState, StreamStatus } from "./types";
import type { Connection } from "./ws";

const since = "2026-03-09T14:00:00Z";

function stream(name: string, change: Partial<StreamStatus> = {}): StreamStatus {
  return { server: "main", name, state: "live", since, sourceType: "rtspSession", bytesReceived: 1, bytesSent: 0, readers: 1, bitrate: 1_000, tracks: [], ...change };
}

function camera(id: number, change: Partial<CameraStatus> = {}): CameraStatus {
  return { id, name: `cam${id}`, kind: "generic", host: null, enabled: true, record: true, state: "running", since, restarts: 0, lastError: null, nextStart: null, server: "main", path: `cam${id}`, ...change };
}

function world(streams: StreamStatus[], cameras: CameraStatus[], servers: ServerStatus[] = []): LiveState {
  return {
    ...emptyState(),
    seq: 1,
    streams: new Map(streams.map((one) => [streamKey(one.server, one.name), one])),
    cameras: new Map(cameras.map((one) => [one.id, one])),
    servers: new Map(servers.map((one) => [one.name, one])),
  };
}

const refused = "connection refused by rtsp://h; check that it is on";
const down = camera(1, { state: "degraded", lastError: refused });

describe("lines of the first page", () => {
  const shown = (live: LiveState) => linesOf(live).map((line) => [line.stream.name, line.stream.state, reasonOf(line)]);

  it("a camera that never came up, or is down for long, has one with its reason", () => {
    expect(shown(world([], [down]))).toEqual([["cam1", "offline", refused]]);
  });

  it("the camera's fault comes before the server's view of the path", () => {
    const offline = stream("cam1", { state: "offline", reason: "the server does not list it" });
    expect(shown(world([offline], [down]))).toEqual([["cam1", "offline", refused]]);
    expect(shown(world([offline], []))).toEqual([["cam1", "offline", "the server does not list it"]]);
  });

  it("a stream is dark since its camera is, not since its last try", () => {
    const [before, after] = ["2026-03-09T13:00:00Z", "2026-03-09T15:00:00Z"];
    const at = (state: StreamState, downSince: string | null) => lineSince({ stream: stream("cam1", { state }), camera: camera(1, { state: "backoff", downSince }) });
    expect([at("offline", before), at("stalled", before), at("offline", after), at("offline", null)]).toEqual([before, before, since, since]);
    expect([at("live", before), at("unknown", before), lineSince({ stream: stream("a", { state: "offline" }), camera: null })]).toEqual([since, since, since]);
    const retrying = camera(1, { state: "starting", since: after, downSince: before, lastError: refused });
    expect(linesOf(world([], [retrying])).map(lineSince)).toEqual([before]);
  });

  it("a running camera's last fault explains nothing", () => {
    const stalled = stream("cam1", { state: "stalled", reason: "no bytes for 10 s" });
    expect(shown(world([stalled], [camera(1, { lastError: refused })]))).toEqual([["cam1", "stalled", "no bytes for 10 s"]]);
  });

  it("a camera that runs and whose path the server does not list is dark all the same", () => {
    expect(shown(world([], [camera(1)]))).toEqual([["cam1", "offline", "nothing arrives at the server"]]);
  });

  it("a camera that is switched off has none, nor what is left of its stream", () => {
    const off = camera(1, { enabled: false, state: "stopped" });
    expect(shown(world([stream("cam1", { state: "offline" })], [off]))).toEqual([]);
    expect(shown(world([stream("cam1")], [off]))).toEqual([["cam1", "live", ""]]);
  });

  it("a path of the same name on another server is another stream", () => {
    expect(linesOf(world([stream("cam1", { server: "other" })], [down]))).toHaveLength(2);
  });
});

describe("counts", () => {
  it("states, readers, rates and recordings", () => {
    const live = world([stream("a"), stream("b", { bitrate: null, state: "stalled", readers: 0 }), stream("c", { state: "offline" })], []);
    const recording = { server: "main", name: "a", state: "recording", since, session: null, segments: 3, reason: null } as const;
    const counts = count({ ...live, recordings: new Map([[streamKey("main", "a"), recording]]) });
    expect(counts).toEqual({ live: 1, stalled: 1, offline: 1, unknown: 0, starting: 0, maintenance: 0, dark: 0, recording: 1, readers: 2, bitrate: 2_000 });
  });

  it("cameras without a stream count as offline, those on their way as neither", () => {
    const starting = camera(2, { state: "starting" });
    const retrying = camera(3, { state: "starting", lastError: refused });
    const live = world([stream("a", { readers: 3 }), stream("b", { state: "stalled", bitrate: null })], [down, starting, retrying]);
    expect(count(live)).toEqual({ live: 1, stalled: 1, offline: 2, unknown: 0, starting: 1, maintenance: 0, dark: 2, recording: 0, readers: 4, bitrate: 1_000 });
  });
});

describe("the words before the title", () => {
  const open: Connection = { phase: "open", lostAt: null, retryAt: null, failures: 0, reason: null };
  const server = (name: string, reachable: boolean): ServerStatus => ({ name, reachable, since });
  const status = (ok: boolean) => ({ services: [{ name: "database", ok, detail: "" }] }) as unknown as Status;
  const held = { blocked: { wouldStop: [] }, running: 4 } as unknown as PlanView;
  const told = (live: LiveState, change: { connection?: Connection; plan?: PlanView; status?: Status } = {}) => lead({ live, connection: open, plan: null, status: null, ...change }).words;

  it.each([
    ["all well", world([stream("a"), stream("b")], []), {}, "2 live"],
    ["nothing yet", world([], []), {}, ""],
    ["a camera that delivers nothing", world([stream("a")], [down]), {}, "⚠ 1 not live"],
    ["a stalled camera", world([stream("cam1", { state: "stalled" })], [down]), {}, "⚠ 1 not live"],
    ["a stream that is no camera has ended", world([stream("a"), stream("test", { state: "offline" })], []), {}, "1 live"],
    ["nobody knows", world([stream("a", { state: "unknown" })], []), {}, "⚠ 1 unknown"],
    ["a server is silent", world([stream("a", { state: "unknown" })], [down], [server("main", false)]), {}, "⚠ main does not answer"],
    ["two servers are silent", world([], [], [server("a", false), server("b", false)]), {}, "⚠ 2 servers do not answer"],
    ["a change is blocked", world([stream("a")], []), { plan: held }, "⚠ a change is blocked"],
    ["a service fails", world([stream("a")], []), { status: status(false) }, "⚠ database down"],
    ["a service is well", world([stream("a")], []), { status: status(true) }, "1 live"],
    ["the connection is lost", world([stream("a")], [down]), { connection: { ...open, phase: "waiting" as const, lostAt: 1 } }, "⚠ connection lost"],
  ])("%s", (_, live, change, words) => {
    expect(told(live, change)).toBe(words);
  });
});
