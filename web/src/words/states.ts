// Words and signs of the states: one place, so that table, cards and banners say the same.

import type { SignName } from "../components/icons";
import type { CameraState, RecordingState, StreamState } from "../types";

export interface Look {
  words: string;
  sign: SignName;
  tone: "good" | "warn" | "bad" | "off" | "busy" | "rec" | "held";
}

export const streamLook: Record<StreamState, Look> = {
  live: { words: "Live", sign: "good", tone: "good" },
  stalled: { words: "Stalled", sign: "warn", tone: "warn" },
  offline: { words: "Offline", sign: "bad", tone: "bad" },
  unknown: { words: "Unknown", sign: "unknown", tone: "off" },
};

export const cameraLook: Record<CameraState, Look> = {
  waiting: { words: "Waiting", sign: "busy", tone: "busy" },
  probing: { words: "Probing", sign: "busy", tone: "busy" },
  starting: { words: "Starting", sign: "busy", tone: "busy" },
  running: { words: "Running", sign: "good", tone: "good" },
  stalled: { words: "Stalled", sign: "warn", tone: "warn" },
  backoff: { words: "Retrying", sign: "warn", tone: "warn" },
  degraded: { words: "Degraded", sign: "bad", tone: "bad" },
  held: { words: "Path taken", sign: "held", tone: "held" },
  stopped: { words: "Stopped", sign: "off", tone: "off" },
};

export const recordingLook: Record<RecordingState, Look> = {
  starting: { words: "Starting", sign: "busy", tone: "busy" },
  recording: { words: "Recording", sign: "rec", tone: "rec" },
  restarting: { words: "Restarting", sign: "warn", tone: "warn" },
  paused: { words: "Paused", sign: "bad", tone: "bad" },
};

/** Look of a state; one of a later version shows as it is. */
export function lookOf<S extends string>(looks: Record<S, Look>, state: S): Look {
  return (looks as Partial<Record<S, Look>>)[state] ?? { words: state, sign: "unknown", tone: "off" };
}

/** Trouble first: the order when sorted by state. */
export const streamOrder: Record<StreamState, number> = { offline: 0, stalled: 1, unknown: 2, live: 3 };
export const cameraOrder: Record<CameraState, number> = {
  degraded: 0,
  held: 1,
  stalled: 2,
  backoff: 3,
  starting: 4,
  probing: 5,
  waiting: 6,
  running: 7,
  stopped: 8,
};
