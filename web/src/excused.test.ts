import { describe, expect, it } from "vitest";
import { excuseOf } from "./excused";
import { emptyState, streamKey, type LiveState } from "./store";
import { count } from "./stream_lines";
import { lead } from "./summary_words";
import type { CameraStatus, Maintenance, StreamStatus } from "./types";
import type { Connection } from "./ws";

const since = "2026-03-09T14:00:00Z";
const camera: CameraStatus = { id: 7, name: "gate", kind: "generic", host: null, enabled: true, record: true, state: "degraded", since, restarts: 0, lastError: "refused", nextStart: null, server: "main", path: "site/gate" };
const stream: StreamStatus = { server: "main", name: "other", state: "offline", since, sourceType: null, bytesReceived: 0, bytesSent: 0, readers: 0, bitrate: null, tracks: [] };
const connection: Connection = { phase: "open", lostAt: null, retryAt: null, failures: 0, reason: null };

function world(...subjects: Maintenance["subject"][]): LiveState {
  const maintenance = subjects.map((subject, index) => ({ key: String(index), subject, until: since, reason: "lens", setBy: "eve", setAt: since }));
  return {
    ...emptyState(),
    seq: 1,
    cameras: new Map([[7, camera]]),
    streams: new Map([[streamKey("main", "other"), stream]]),
    maintenance: new Map(maintenance.map((one) => [one.key, one])),
  };
}

const ofCamera = { type: "camera", id: 7, name: "gate" } as const;
const ofItsStream = { type: "stream", server: "main", name: "site/gate" } as const;
const ofOther = { type: "stream", server: "main", name: "other" } as const;

describe("what is excused", () => {
  it("is a camera with its stream, seen from either end", () => {
    for (const subject of [ofCamera, ofItsStream]) expect(excuseOf(world(subject), camera)?.reason).toBe("lens");
    for (const other of [{ type: "stream", server: "backup", name: "site/gate" } as const, { type: "camera", id: 8, name: "gate" } as const]) expect(excuseOf(world(other), camera)).toBeNull();
  });

  it("counts as no trouble, neither in the tiles nor in the title", () => {
    const words = (live: LiveState) => lead({ live, connection, plan: null, status: null }).words;
    expect([count(world()).offline, words(world())]).toEqual([2, "⚠ 1 not live"]);
    expect([count(world(ofCamera)).offline, count(world(ofCamera)).maintenance, words(world(ofCamera))]).toEqual([1, 1, ""]);
    expect([count(world(ofItsStream, ofOther)).offline, words(world(ofItsStream, ofOther))]).toEqual([0, ""]);
  });
});
