// What the server says: the types of its OpenAPI document (`api.generated.ts`) by the names that the page uses, and the
// messages of the WebSocket, which the document does not hold. Times are RFC 3339 UTC, rates bits per second, sizes bytes.

import type { components } from "./api.generated";

type Schemas = components["schemas"];

/** The document lets every field without a value be absent; these are written as null. */
type Written<T, K extends keyof T> = Omit<T, K> & { [Key in K]-?: Exclude<T[Key], undefined> };

export type StreamState = Schemas["StreamState"];
export type CameraState = Schemas["CameraState"];
export type RecordingState = Schemas["RecordingState"];
export type SegmentState = Schemas["SegmentState"];

export type Track = Schemas["StreamTrack"];
export type StreamStatus = Written<Schemas["StreamStatus"], "sourceType" | "bitrate">;
export type CameraStatus = Written<Schemas["CameraStatus"], "host" | "lastError" | "nextStart">;
/** The writable part of a camera: an absent field keeps its value, null clears it. */
export type CameraEdit = Schemas["CameraEdit"];
/** A camera's row as it may be shown. The version of the row travels beside it, in the `ETag`. */
export type CameraSettings = Required<Schemas["CameraSettings"]>;
/** A look at a source. */
export type Probe = Written<Omit<Schemas["ProbeView"], "tracks" | "fault">, "ms"> & { fault: Fault | null; tracks: Written<Pick<Schemas["Tracks"], "format" | "video" | "audio" | "flows">, "video" | "audio"> | null };
/** Its kind may be of a later version. */
export type Fault = Omit<Schemas["ProbeFault"], "kind"> & { kind: string };
/** One run of a camera's ffmpeg, or a look with ffprobe that failed. */
export type LogRun = Required<Omit<Schemas["ProgramRun"], "fault">> & { fault: Fault | null };
export type WouldStop = Schemas["WouldStop"];
/** A change of the cameras that waits for a person. */
export type BlockedChange = Schemas["BlockedChangeView"];
export type PlanView = Required<Schemas["PlanView"]>;
/** Where the fault of an incident lies. */
export type Verdict = Schemas["Verdict"];
export type Incident = Written<Schemas["Incident"], "closedAt" | "acknowledged">;
export type StreamSession = Schemas["StreamSession"];
export type StreamSessions = Written<Schemas["SessionsView"], "at" | "fault">;
/** A camera or stream that is excused until a time. */
export type Maintenance = Schemas["Maintenance"];
export type RecordingLock = Schemas["RecordingLock"];
/** What an import did, or would do. All rows or none. */
export type ImportResult = Omit<Schemas["ImportReport"], "faults"> & { faults: Required<Schemas["SheetFault"]>[] };
export type CameraKind = Schemas["CameraKind"];
export type ServerStatus = Schemas["ServerStatus"];
export type RecordingStatus = Required<Schemas["RecordingStatus"]>;
export type Sample = Pick<Required<Schemas["HistoryPoint"]>, "at" | "state" | "bitrate" | "readers">;
/** A time of which nothing is known. */
export type Gap = Schemas["Gap"];
export type RecordingGap = Schemas["RecordingGap"];
export type StreamCompleteness = Schemas["StreamCompleteness"];
/** Least, mean, most and last of the metrics that were asked for. */
export type MetricPoint = Pick<Schemas["HistoryPoint"], "at" | "state" | "values" | "reset">;
export type RecordingSummary = Schemas["RecordingSummary"];
export type RecordingSession = Written<Schemas["RecordingSession"], "endedAt" | "endReason"> & Omit<Schemas["SessionSummary"], keyof Schemas["RecordingSession"]>;
export type Segment = Written<Schemas["Segment"], "reason">;
/** Who is logged in, and whether a login is asked for. */
export type LoginSession = Required<Schemas["SessionView"]>;
export type UserRole = Schemas["UserRole"];
export type User = Required<Schemas["UserView"]>;
/** A credential of a program, without its secret. */
export type Token = Required<Schemas["TokenView"]>;
export type NewToken = Schemas["NewToken"];
export type Receiver = Schemas["ReceiverState"];
export type OpenSession = Schemas["LoginSessionView"];
/** What a person has changed. */
export type AuditEntry = Schemas["AuditEntry"];
/** A key of the configuration in force. */
export type ConfigSetting = Required<Schemas["SettingView"]>;
/** A number of a stream, and what is usual for it; what is not known is null. */
export type Anomaly = Required<Schemas["AnomalyStatus"]>;
export type AnomalyState = Schemas["AnomalyState"];
/** An endpoint of the network; what was not measured is null. */
export type EndpointState = Schemas["EndpointState"];
export type NetworkProbe = Required<Omit<Schemas["NetworkProbeStatus"], "fault" | "window" | "certificate" | "outage" | "lastOutage">> & {
  fault: Fault | null;
  window: Required<Schemas["WindowFigures"]>;
  certificate: Required<Schemas["CertificateFacts"]> | null;
  outage: Required<Schemas["Outage"]> | null;
  lastOutage: Required<Schemas["Outage"]> | null;
};
export type EncoderState = Schemas["EncoderState"];
export type Encoder = Required<Omit<Schemas["EncoderStatus"], "reading" | "fault" | "feeds">> & { reading: Required<Schemas["EncoderReading"]> | null; fault: Schemas["EncoderFault"] | null; feeds: Required<Schemas["EncoderFeeds"]> };
export type PlatformState = Schemas["PlatformState"];
export type LiveEvent = Required<Omit<Schemas["LiveEvent"], "ingest" | "fault">> & { ingest: Required<Schemas["IngestReport"]> | null; fault: Schemas["PlatformFault"] | null };
export type Platform = Required<Omit<Schemas["PlatformStatus"], "events" | "fault" | "limit">> & { events: LiveEvent[]; limit: Required<Schemas["RequestLimit"]> | null; fault: Schemas["PlatformFault"] | null };
export type ProbeState = Schemas["ProbeState"];
export type StreamProbe = Required<Omit<Schemas["StreamProbeStatus"], "fault" | "report">> & { fault: Fault | null; report: StreamReport | null };
export type StreamReport = Required<Omit<Schemas["StreamReport"], "video" | "audio">> & { video: Required<Schemas["VideoReport"]> | null; audio: Required<Schemas["AudioReport"]> | null };
/** A host as its agent measures it; what could not be measured is null, and `unmeasured` says why. */
export type HostStatus = Required<Omit<Schemas["HostStatus"], "disks" | "networks" | "mediamtx">> & { disks: Disk[]; networks: Network[]; mediamtx: ProcessUsage | null };
export type HostState = Schemas["HostState"];
export type Disk = Required<Schemas["DiskStatus"]>;
export type Network = Required<Schemas["NetworkStatus"]>;
export type ProcessUsage = Required<Schemas["ProcessUsage"]>;
/** A stretch of a host's past: what was measured in it, by metric. */
export interface HostPoint {
  at: string;
  values?: Record<string, Schemas["BandView"]>;
}
export type Service = Schemas["Service"];
export type Status = Schemas["Status"];
/** Where a browser plays the streams of a server. */
export type PlayerAddress = Schemas["PlayerAddress"];
export type NodeItem = Schemas["NodeItem"];
/** One actor of the process with all below it. */
export type Actor = Written<Omit<Schemas["Observation"], "children">, "lastExit" | "state"> & { children: Actor[] };

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
