// What is said of a session. Pure.

import type { StreamSession } from "../../types";
import { m } from "../../words/language";

const protocols: Record<string, string> = { rtsp: "RTSP", rtsps: "RTSPS", rtmp: "RTMP", rtmps: "RTMPS", srt: "SRT", webrtc: "WebRTC", hls: "HLS", moq: "MoQ" };

export function protocolWords(protocol: string): string {
  return protocols[protocol] ?? protocol;
}

/** Label, user and address, as far as they are known. */
export function whoWords({ label = null, user = null, address = null }: StreamSession): string {
  const parts = [label, user, address].filter((one) => one !== null && one !== "");
  return parts.length === 0 ? m.sessions.notKnown : parts.join(", ");
}

/** Each number that is known, apart from the others; nothing when none is. */
export function losses(session: StreamSession): string {
  const { numbers } = m.sessions;
  const count = (value: number | null | undefined, words: (number: number) => string) => (value === null || value === undefined ? null : words(value));
  const parts = [
    count(session.packetsLost, numbers.lost),
    count(session.packetsRetransmitted, numbers.again),
    count(session.packetsDiscarded, numbers.discarded),
    count(session.framesDiscarded, numbers.frames),
    count(session.packetsInError, numbers.faulty),
    session.jitter === null || session.jitter === undefined ? null : numbers.jitter(session.jitter.toFixed(0)),
    session.rtt === null || session.rtt === undefined ? null : numbers.rtt(session.rtt.toFixed(1)),
  ];
  return parts.filter((one) => one !== null).join(", ");
}
