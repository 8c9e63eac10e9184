// Words and signs of anomalies, encoders and platforms.

import type { AnomalyState, EncoderState, PlatformState } from "../../types";
import { m } from "../../words/language";
import { look, type StateStyle } from "../../words/states";

export const anomalyLook: Record<AnomalyState, StateStyle> = {
  learning: look(() => m.anomalies.states.learning, { sign: "busy", tone: "busy" }),
  notJudged: look(() => m.anomalies.states.notJudged, { sign: "off", tone: "off" }),
  usual: look(() => m.anomalies.states.usual, { sign: "good", tone: "good" }),
  unusual: look(() => m.anomalies.states.unusual, { sign: "warn", tone: "warn" }),
};

export const encoderLook: Record<EncoderState, StateStyle> = {
  waiting: look(() => m.encoders.states.waiting, { sign: "busy", tone: "busy" }),
  silent: look(() => m.encoders.states.silent, { sign: "bad", tone: "bad" }),
  idle: look(() => m.encoders.states.idle, { sign: "off", tone: "off" }),
  connecting: look(() => m.encoders.states.connecting, { sign: "busy", tone: "busy" }),
  unproved: look(() => m.encoders.states.unproved, { sign: "unknown", tone: "off" }),
  streaming: look(() => m.encoders.states.streaming, { sign: "good", tone: "good" }),
  frozen: look(() => m.encoders.states.frozen, { sign: "bad", tone: "bad" }),
  flushing: look(() => m.encoders.states.flushing, { sign: "busy", tone: "busy" }),
  interrupted: look(() => m.encoders.states.interrupted, { sign: "warn", tone: "warn" }),
  unknown: look(() => m.encoders.states.unknown, { sign: "unknown", tone: "off" }),
};

export const platformLook: Record<PlatformState, StateStyle> = {
  waiting: look(() => m.platforms.states.waiting, { sign: "busy", tone: "busy" }),
  well: look(() => m.platforms.states.well, { sign: "good", tone: "good" }),
  resting: look(() => m.platforms.states.resting, { sign: "busy", tone: "busy" }),
  doubtful: look(() => m.platforms.states.doubtful, { sign: "warn", tone: "warn" }),
  down: look(() => m.platforms.states.down, { sign: "bad", tone: "bad" }),
  refused: look(() => m.platforms.states.refused, { sign: "bad", tone: "bad" }),
};
