// Words and signs of the states: one place, so that table, cards and banners say the same.

import { m } from "./language";
import type { SignName } from "../components/icons";
import type { CameraState, EndpointState, HostState, ProbeState, RecordingState, StreamState } from "../types";

export interface StateStyle {
  readonly words: string;
  sign: SignName;
  tone: "good" | "warn" | "bad" | "off" | "busy" | "rec" | "held";
}

/** Its words are read when it is drawn: the language may be another one by then. */
export function look(words: () => string, { sign, tone }: Pick<StateStyle, "sign" | "tone">): StateStyle {
  return {
    sign,
    tone,
    get words() {
      return words();
    },
  };
}

export const streamLook: Record<StreamState, StateStyle> = {
  live: look(() => m.states.live, { sign: "good", tone: "good" }),
  stalled: look(() => m.states.stalled, { sign: "warn", tone: "warn" }),
  offline: look(() => m.states.offline, { sign: "bad", tone: "bad" }),
  unknown: look(() => m.states.unknown, { sign: "unknown", tone: "off" }),
};

export const cameraLook: Record<CameraState, StateStyle> = {
  waiting: look(() => m.camera.states.waiting, { sign: "busy", tone: "busy" }),
  probing: look(() => m.camera.states.probing, { sign: "busy", tone: "busy" }),
  starting: look(() => m.camera.states.starting, { sign: "busy", tone: "busy" }),
  running: look(() => m.camera.states.running, { sign: "good", tone: "good" }),
  stalled: look(() => m.camera.states.stalled, { sign: "warn", tone: "warn" }),
  backoff: look(() => m.camera.states.backoff, { sign: "warn", tone: "warn" }),
  degraded: look(() => m.camera.states.degraded, { sign: "bad", tone: "bad" }),
  held: look(() => m.camera.states.held, { sign: "held", tone: "held" }),
  stopped: look(() => m.camera.states.stopped, { sign: "off", tone: "off" }),
};

export const recordingLook: Record<RecordingState, StateStyle> = {
  starting: look(() => m.camera.recording.starting, { sign: "busy", tone: "busy" }),
  recording: look(() => m.camera.recording.recording, { sign: "rec", tone: "rec" }),
  restarting: look(() => m.camera.recording.restarting, { sign: "warn", tone: "warn" }),
  paused: look(() => m.camera.recording.paused, { sign: "bad", tone: "bad" }),
  off: look(() => m.camera.recording.off, { sign: "off", tone: "off" }),
};

export const hostLook: Record<HostState, StateStyle> = {
  live: look(() => m.hosts.states.live, { sign: "good", tone: "good" }),
  silent: look(() => m.hosts.states.silent, { sign: "bad", tone: "bad" }),
};

export const probeLook: Record<ProbeState, StateStyle> = {
  waiting: look(() => m.health.states.waiting, { sign: "busy", tone: "busy" }),
  well: look(() => m.health.states.well, { sign: "good", tone: "good" }),
  doubtful: look(() => m.health.states.doubtful, { sign: "warn", tone: "warn" }),
  out: look(() => m.health.states.out, { sign: "bad", tone: "bad" }),
  notLive: look(() => m.health.states.notLive, { sign: "off", tone: "off" }),
};

export const endpointLook: Record<EndpointState, StateStyle> = {
  waiting: look(() => m.network.states.waiting, { sign: "busy", tone: "busy" }),
  up: look(() => m.network.states.up, { sign: "good", tone: "good" }),
  degraded: look(() => m.network.states.degraded, { sign: "warn", tone: "warn" }),
  doubtful: look(() => m.network.states.doubtful, { sign: "warn", tone: "warn" }),
  down: look(() => m.network.states.down, { sign: "bad", tone: "bad" }),
};

/** Look of a state; one of a later version shows as it is. */
export function lookOf<S extends string>(looks: Record<S, StateStyle>, state: S): StateStyle {
  return (looks as Partial<Record<S, StateStyle>>)[state] ?? { words: state, sign: "unknown", tone: "off" };
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
