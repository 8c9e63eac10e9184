import { describe, expect, it } from "vitest";
import { emptyState, streamKey, type LiveState } from "../../store";
import type { CameraStatus, Incident, Maintenance, RecordingStatus, ServerStatus, StreamState, StreamStatus } from "../../types";
import { causeOf, problemsOf } from "./problems";

const stream = (name: string, state: StreamState, since = "2026-01-01T00:00:00Z"): StreamStatus => ({ server: "main", name, state, since, sourceType: null, bytesReceived: 0, bytesSent: 0, readers: 0, bitrate: null, tracks: [], ...(state === "live" ? {} : { reason: "the path is silent" }) });
const camera = (id: number, name: string, host: string, more: Partial<CameraStatus> = {}): CameraStatus => ({ id, name, kind: "generic", host, enabled: true, record: false, state: "degraded", since: "2026-01-01T00:00:00Z", restarts: 1, lastError: "connection refused", nextStart: null, server: "main", path: name, ...more });
const world = (streams: StreamStatus[], cameras: CameraStatus[] = [], more: Partial<LiveState> = {}): LiveState => ({
  ...emptyState(),
  streams: new Map(streams.map((one) => [streamKey(one.server, one.name), one])),
  cameras: new Map(cameras.map((one) => [one.id, one])),
  ...more,
});
const keys = (live: LiveState) => problemsOf(live).map((one) => `${one.kind} ${one.key.split(/[ \0]/).pop() ?? ""}`);

describe("what is wrong now", () => {
  it("is nothing where all is live, or unknown, or on its way", () => {
    expect(keys(world([stream("a", "live"), stream("b", "unknown")], [camera(1, "c", "h", { state: "starting", lastError: null })]))).toEqual([]);
  });

  it("is the worst first, and of these the newest", () => {
    const names = ["old", "slow", "new"];
    const live = world([stream("old", "offline", "2026-01-01T00:00:00Z"), stream("slow", "stalled", "2026-01-03T00:00:00Z"), stream("new", "offline", "2026-01-02T00:00:00Z")], names.map((name, index) => camera(index, name, `h${index}`)));
    expect(keys(live)).toEqual(["stream new", "stream old", "stream slow"]);
  });

  it("puts cameras of one host that are down together into one", () => {
    const down = ["a", "b", "c"].map((name, index) => camera(index, name, "10.0.0.3"));
    const live = world([stream("d", "live")], [...down, camera(7, "d", "10.0.0.3", { state: "running", lastError: null }), camera(8, "e", "10.0.0.4")]);
    expect(keys(live)).toEqual(["host 10.0.0.3", "stream e"]);
    const [first] = problemsOf(live);
    expect(first).toMatchObject({ kind: "host", all: 4 });
    expect(first?.kind === "host" && first.lines.length).toBe(3);
    expect(first !== undefined && causeOf(first)).toBe("connection refused");
  });

  it("leaves out what is in maintenance", () => {
    const excuse = { key: "1", subject: { type: "stream", server: "main", name: "a" } } as unknown as Maintenance;
    expect(keys(world([stream("a", "offline"), stream("b", "offline")], [camera(1, "a", "h"), camera(2, "b", "i")], { maintenance: new Map([["1", excuse]]) }))).toEqual(["stream b"]);
  });

  it("leaves out what is no camera: as for the command `status`, it comes and goes as its publisher likes", () => {
    expect(keys(world([stream("test", "offline"), stream("obs", "stalled")]))).toEqual([]);
  });

  it("is cameras before what is less bad, though that is newer", () => {
    const incident = (id: string, kind: string, subject: object, openedAt: string) => [id, { id, subject, closedAt: null, openedAt, kind, cause: "", notes: [], acknowledged: null } as unknown as Incident] as const;
    const incidents = new Map([
      incident("studio", "encoderDown", { type: "encoder", name: "studio" }, "2026-01-05T00:00:00Z"),
      incident("tracks", "tracksChanged", { type: "stream", server: "main", name: "x" }, "2026-01-07T00:00:00Z"),
      incident("event", "ingestDown", { type: "liveEvent", name: "7" }, "2026-01-02T00:00:00Z"),
      incident("uplink", "endpointDown", { type: "endpoint", name: "uplink" }, "2026-01-06T00:00:00Z"),
      incident("redis", "serviceDown", { type: "service", name: "redis" }, "2026-01-01T00:00:00Z"),
    ]);
    const live = world([stream("front", "offline"), stream("gate", "offline", "2026-01-02T00:00:00Z")], [camera(1, "front", "h"), camera(2, "gate", "i")], { incidents });
    expect(keys(live)).toEqual(["incident redis", "stream gate", "stream front", "incident event", "incident uplink", "incident studio", "incident tracks"]);
  });

  it("says a silent server once, with what it hides, and recordings that stand still", () => {
    const server: ServerStatus = { name: "main", reachable: false, since: "2026-01-01T00:00:00Z", reason: "it refuses the connection" };
    const paused = { name: "a", server: "main", state: "paused", since: "2026-01-01T00:00:00Z", reason: "the disk is full", segments: 0, session: null } as RecordingStatus;
    const live = world([stream("a", "unknown"), stream("b", "unknown")], [], { servers: new Map([["main", server]]), recordings: new Map([[streamKey("main", "a"), paused]]) });
    expect(keys(live)).toEqual(["server main", "recording a"]);
    expect(problemsOf(live)[0]).toMatchObject({ streams: 2 });
    expect(problemsOf(live).map(causeOf)).toEqual(["it refuses the connection", "the disk is full"]);
  });

  it("has every incident that lasts and that nothing else tells of, whatever it is about", () => {
    const incident = (id: string, subject: object, closedAt: string | null = null) => [id, { id, subject, closedAt, openedAt: "2026-01-01T00:00:00Z", kind: "type" in subject && subject.type === "service" ? "serviceDown" : "hostSilent", cause: `cause of ${id}`, notes: [], acknowledged: null } as unknown as Incident] as const;
    const live = world(
      [stream("a", "offline"), stream("b", "live"), stream("z", "live")],
      [camera(1, "a", "h"), camera(2, "b", "h", { state: "held" }), camera(3, "r", "h", { state: "running" })],
      {
        incidents: new Map([
          incident("disk", { type: "disk", host: "edge", name: "/var" }),
          incident("redis", { type: "service", name: "redis" }),
          incident("silent", { type: "host", name: "edge" }),
          incident("over", { type: "service", name: "spool" }, "2026-01-02T00:00:00Z"),
          incident("taken", { type: "camera", id: 2, name: "b" }),
          incident("flaps", { type: "stream", server: "main", name: "z" }),
          incident("known", { type: "camera", id: 1, name: "a" }),
          incident("runs", { type: "camera", id: 3, name: "r" }),
          incident("gone", { type: "camera", id: 9, name: "gone" }),
        ]),
        maintenance: new Map(),
      },
    );
    expect(keys(live)).toEqual(["incident redis", "stream a", "stream r", "incident disk", "incident silent", "incident taken", "incident flaps"]);
    expect(problemsOf(live)[0]).toMatchObject({ kind: "incident" });
    expect(problemsOf(live).slice(0, 1).map(causeOf)).toEqual(["cause of redis"]);
  });

  it("folds what follows from another problem under that one", () => {
    const judged = (id: string, subject: object, root: string | null) => [id, { id, subject, closedAt: null, openedAt: "2026-01-01T00:00:00Z", kind: "cameraDown", cause: "no answer", notes: [], acknowledged: null, verdict: { cause: "networkSegment", confidence: "high", summary: "a switch", evidence: [], tryNext: [], root } } as unknown as Incident] as const;
    const names = ["a", "b", "c"];
    const streams = names.map((name) => stream(name, "offline"));
    const cameras = names.map((name, index) => camera(index + 1, name, `10.0.3.${index + 1}`));
    const incidents = new Map([judged("one", { type: "camera", id: 1, name: "a" }, null), judged("two", { type: "camera", id: 2, name: "b" }, "one"), judged("three", { type: "camera", id: 3, name: "c" }, "one"), judged("disk", { type: "service", name: "spool" }, "gone")]);
    const live = world(streams, cameras, { incidents });
    expect(keys(live)).toEqual(["stream a", "incident disk"]);
    const [root] = problemsOf(live);
    expect(root).toMatchObject({ follow: ["b", "c"], verdict: { summary: "a switch" } });
  });
});
