// What the server says, in its own words: the JSON of /api/v1 and of the WebSocket. Times are RFC 3339 UTC, rates
// bits per second, sizes bytes. No logic here.

export type StreamState = "live" | "stalled" | "offline" | "unknown";

export interface Track {
  codec: string;
  width?: number;
  height?: number;
  profile?: string;
  sampleRate?: number;
  channels?: number;
}

export interface StreamStatus {
  server: string;
  name: string;
  state: StreamState;
  since: string;
  reason?: string | null;
  sourceType: string | null;
  bytesReceived: number;
  bytesSent: number;
  readers: number;
  bitrate: number | null;
  tracks: Track[];
  rtt?: number | null;
  recvRateMbps?: number | null;
  linkCapacityMbps?: number | null;
  lossRate?: number | null;
}

export type CameraState =
  | "waiting"
  | "probing"
  | "starting"
  | "running"
  | "stalled"
  | "backoff"
  | "degraded"
  | "held"
  | "stopped";

export interface CameraStatus {
  id: number;
  name: string;
  /** Display name. */
  label?: string | null;
  kind: string;
  host: string | null;
  enabled: boolean;
  record: boolean;
  state: CameraState;
  since: string;
  /** Since when it brings no picture, through all its tries; null while it runs or has only just begun. */
  downSince?: string | null;
  restarts: number;
  lastError: string | null;
  nextStart: string | null;
  /** What becomes of its sound; null while it does not run. */
  sound?: "carried" | "missing" | "silent" | "off" | null;
  server: string;
  path: string;
}

/** The writable part of a camera: an absent field keeps its value, null clears it. */
export interface CameraEdit {
  name?: string;
  label?: string | null;
  kind?: string;
  host?: string | null;
  port?: number | null;
  username?: string | null;
  password?: string | null;
  channel?: string | null;
  substream?: string | null;
  url?: string | null;
  transport?: string | null;
  audio?: string | null;
  enabled?: boolean;
  record?: boolean;
}

/** A camera's row as it may be shown. The version of the row travels beside it, in the `ETag`. */
export interface CameraSettings {
  id: number;
  name: string;
  /** Display name. */
  label: string | null;
  kind: string;
  host: string | null;
  port: number | null;
  username: string | null;
  hasPassword: boolean;
  channel: string | null;
  substream: string | null;
  /** Its login is replaced by `***`. */
  url: string | null;
  transport: string | null;
  audio: string | null;
  enabled: boolean;
  record: boolean;
  updatedAt: string | null;
}

/** A look at a source. */
export interface Probe {
  at: string;
  /** How long it took; null for a look that was kept. */
  ms: number | null;
  ok: boolean;
  tracks: { format: string; video: string | null; audio: string | null; flows: boolean } | null;
  fault: Fault | null;
}

export interface Fault {
  kind: string;
  /** Names the remedy, too. */
  message: string;
}

/** One run of a camera's ffmpeg, or a look with ffprobe that failed. */
export interface LogRun {
  program: "ffmpeg" | "ffprobe";
  pid: number;
  startedAt: string;
  endedAt: string | null;
  /** How it ended, as the system tells it; null while it runs. */
  ending: string | null;
  fault: Fault | null;
  /** The oldest first. */
  lines: string[];
}

export interface WouldStop {
  id: number;
  name: string;
  /** Display name. */
  label?: string | null;
  reason: string;
}

/** A change of the cameras that waits for a person. */
export interface HeldPlan {
  id: string;
  since: string;
  summary: string;
  running: number;
  wouldStop: WouldStop[];
}

export interface PlanView {
  held: HeldPlan | null;
  /** Relayed, or tried again and again. */
  cameras: number;
  /** How many of them run at this moment. */
  running: number;
}

export interface Incident {
  id: string;
  kind: string;
  subject: { type: "camera"; id: number; name: string; label?: string } | { type: "server" | "service"; name: string } | { type: "stream"; server: string; name: string };
  cause: string;
  openedAt: string;
  closedAt: string | null;
}

/** What an import did, or would do. All rows or none. */
export interface ImportResult {
  added: number;
  changed: number;
  unchanged: number;
  faults: { line: number; field: string | null; message: string }[];
}

export interface CameraKind {
  kind: string;
  urlTemplate: string;
}

export interface ServerStatus {
  name: string;
  reachable: boolean;
  since: string;
  reason?: string | null;
  version?: string | null;
  lastPoll?: string | null;
}

export type RecordingState = "starting" | "recording" | "restarting" | "paused";

export interface RecordingStatus {
  server: string;
  name: string;
  state: RecordingState;
  since: string;
  session: string | null;
  segments: number;
  reason: string | null;
}

export interface Sample {
  at: string;
  state: StreamState;
  bitrate: number | null;
  readers: number;
}

export interface RecordingSummary {
  server: string;
  stream: string;
  sessions: number;
  segments: number;
  bytes: number;
  durationMs: number;
  first: string;
  last: string;
}

export interface RecordingSession {
  id: string;
  server: string;
  stream: string;
  startedAt: string;
  endedAt: string | null;
  endReason: string | null;
  segments: number;
  durationMs: number;
  bytes: number;
}

export type SegmentState = "writing" | "sealed" | "uploading" | "uploaded" | "evicted" | "missing" | "lost";

export interface Segment {
  id: string;
  session: string;
  server: string;
  stream: string;
  number: number;
  state: SegmentState;
  startedAt: string;
  durationMs: number;
  bytes: number;
  reason: string | null;
}

export interface Service {
  name: string;
  ok: boolean;
  /** The process is not ready without it. */
  required?: boolean;
  detail: string;
}

export interface Status {
  version: string;
  node: string;
  startedAt: string;
  roles: string[];
  services: Service[];
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** One entry of the change feed: what it is, and the thing itself; in `update` what identifies it and the fields that changed
 * (null where there is none any more), in `remove` only what identifies it. */
export interface Envelope {
  kind: string;
  item: unknown;
}

/** A snapshot comes in one or more parts of one `seq`. The client of a delta has the frame `prev` or a later one, or has
 * missed something. */
export type ServerMessage =
  | { type: "snapshot"; seq: number; part: number; parts: number; items: Envelope[] }
  | { type: "delta"; seq: number; prev: number; upsert: Envelope[]; update: Envelope[]; remove: Envelope[] };
