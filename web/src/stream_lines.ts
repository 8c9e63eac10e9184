// The lines of the first page: every stream, and every camera that should deliver one and has none. Pure.
//
// A camera that is down for long has no stream any more, and one that never came up never had one: without a line of its
// own the page would look well while it is dark.

import { asItIsSince, why } from "./camera_words";
import { excused } from "./excused";
import { bitrate, dateTime } from "./format";
import { streamKey, type LiveState } from "./store";
import type { CameraState, CameraStatus, RecordingStatus, Sample, StreamState, StreamStatus } from "./types";
import { m } from "./words/language";
import { lookOf, streamLook } from "./words/states";

export interface StreamLine {
  stream: StreamStatus;
  recording: RecordingStatus | null;
  /** The camera that is to deliver this stream. */
  camera: CameraStatus | null;
  /** The server does not list the path: what is shown is what is known of the camera. */
  absent: boolean;
  /** More than one server is watched: its name is worth a place. */
  several: boolean;
  /** In maintenance: that it is not live is no trouble. */
  excused: boolean;
}

const STARTING: readonly CameraState[] = ["waiting", "probing", "starting"];

/** True while a camera is on its way and nothing is known to be wrong with it. */
export function isStarting(camera: CameraStatus): boolean {
  return STARTING.includes(camera.state) && camera.lastError === null;
}

/** A camera that should be live and is not. A stream that is no camera here comes and goes as its publisher likes. */
export function isDark({ stream, camera, excused }: StreamLine): boolean {
  if (excused || camera === null) return false;
  return stream.state === "stalled" || (stream.state === "offline" && !isStarting(camera));
}

/** Why there is nothing to see, in the words of whoever knows best: a camera's fault before the server's view of the path. */
export function reasonOf({ stream, camera }: StreamLine): string {
  if (stream.state === "live") return "";
  const known = camera !== null && camera.state !== "running" ? why(camera) : null;
  return known !== null && !known.calm ? known.words : (stream.reason ?? "");
}

/** Since when it is in this state. A stream that comes and goes with each try of its camera is dark since the camera is. */
export function lineSince({ stream, camera }: Pick<StreamLine, "stream" | "camera">): string {
  const down = camera?.downSince ?? null;
  const dark = stream.state === "offline" || stream.state === "stalled";
  return dark && down !== null && Date.parse(down) < Date.parse(stream.since) ? down : stream.since;
}

/** What is known of the stream of a camera whose path the server does not list. */
function absent(camera: CameraStatus): StreamStatus {
  return {
    server: camera.server,
    name: camera.path,
    state: "offline",
    since: asItIsSince(camera),
    reason: isStarting(camera) ? m.server.starting : m.server.nothingArrives,
    sourceType: null,
    bytesReceived: 0,
    bytesSent: 0,
    readers: 0,
    bitrate: null,
    tracks: [],
  };
}

/** By state of the page: what is asked for by the table, the tiles and the title is made once. */
const made = new WeakMap<LiveState, readonly StreamLine[]>();

export function linesOf(live: LiveState): readonly StreamLine[] {
  const known = made.get(live);
  if (known !== undefined) return known;
  const lines = linesAnew(live);
  made.set(live, lines);
  return lines;
}

function linesAnew(live: LiveState): StreamLine[] {
  const cameras = new Map<string, CameraStatus>();
  for (const camera of live.cameras.values()) cameras.set(streamKey(camera.server, camera.path), camera);
  const several = live.servers.size > 1;
  const away = excused(live);
  const lines: StreamLine[] = [];
  for (const [key, stream] of live.streams) {
    const camera = cameras.get(key) ?? null;
    cameras.delete(key);
    // Nobody wants a camera that was switched off: what is left of its stream is no trouble.
    if (camera !== null && !camera.enabled && stream.state === "offline") continue;
    lines.push({ stream, recording: live.recordings.get(key) ?? null, camera, absent: false, several, excused: away.has(key) });
  }
  for (const camera of cameras.values()) {
    if (!camera.enabled) continue;
    const key = streamKey(camera.server, camera.path);
    lines.push({ stream: absent(camera), recording: live.recordings.get(key) ?? null, camera, absent: true, several, excused: away.has(key) });
  }
  return lines;
}

/** What the dashboard counts. */
export interface Counts extends Record<StreamState, number> {
  /** Cameras on their way to their first picture: neither well nor in trouble. */
  starting: number;
  /** Excused, and not live. */
  maintenance: number;
  /** Cameras that should be live and are not. */
  dark: number;
  recording: number;
  readers: number;
  /** Sum of the known incoming bitrates. */
  bitrate: number;
}

const counted = new WeakMap<LiveState, Counts>();

export function count(live: LiveState): Counts {
  const known = counted.get(live);
  if (known !== undefined) return known;
  const counts = countAnew(live);
  counted.set(live, counts);
  return counts;
}

function countAnew(live: LiveState): Counts {
  const counts: Counts = { live: 0, stalled: 0, offline: 0, unknown: 0, starting: 0, maintenance: 0, dark: 0, recording: 0, readers: 0, bitrate: 0 };
  for (const line of linesOf(live)) {
    const { stream, camera, excused } = line;
    if (isDark(line)) counts.dark += 1;
    if (stream.state !== "live" && excused) counts.maintenance += 1;
    else if (stream.state === "offline" && camera !== null && isStarting(camera)) counts.starting += 1;
    else counts[stream.state] += 1;
    counts.readers += stream.readers;
    counts.bitrate += stream.bitrate ?? 0;
  }
  for (const recording of live.recordings.values()) if (recording.state === "recording") counts.recording += 1;
  return counts;
}

/** A sample of a stream's history in a sentence. */
export function sampleWords(sample: Sample): string {
  // The coarser history knows figures and no states.
  const value = sample.state === "live" || sample.state === null ? bitrate(sample.bitrate) : lookOf(streamLook, sample.state).words;
  const readers = sample.readers === null ? [] : [m.stream.readers(sample.readers)];
  return `${[value, ...readers].join(", ")} · ${dateTime(sample.at).slice(11)}`;
}
