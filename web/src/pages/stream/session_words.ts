// What is said of a session. Pure.

import type { StreamSession } from "../../types";

const protocols: Record<string, string> = { rtsp: "RTSP", rtsps: "RTSPS", rtmp: "RTMP", rtmps: "RTMPS", srt: "SRT", webrtc: "WebRTC", hls: "HLS", moq: "MoQ" };

export function protocolWords(protocol: string): string {
  return protocols[protocol] ?? protocol;
}

/** Label, user and address, as far as they are known. */
export function whoWords({ label = null, user = null, address = null }: StreamSession): string {
  const parts = [label, user, address].filter((one) => one !== null && one !== "");
  return parts.length === 0 ? "not known" : parts.join(", ");
}

/** Each number that is known, apart from the others; nothing when none is. */
export function losses(session: StreamSession): string {
  const count = (value: number | null | undefined, words: string) => (value === null || value === undefined ? null : `${value} ${words}`);
  const parts = [
    count(session.packetsLost, "lost"),
    count(session.packetsRetransmitted, "sent again"),
    count(session.packetsDiscarded, "discarded"),
    count(session.framesDiscarded, "frames discarded"),
    count(session.packetsInError, "in error"),
    session.jitter === null || session.jitter === undefined ? null : `jitter ${session.jitter.toFixed(0)}`,
    session.rtt === null || session.rtt === undefined ? null : `${session.rtt.toFixed(1)} ms round trip`,
  ];
  return parts.filter((one) => one !== null).join(", ");
}
