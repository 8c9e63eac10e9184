// Which codec goes through which protocol of MediaMTX 1.20, and which reader can play it, as its documentation says. Pure.

import type { Protocol } from "./addresses";

export type Carrier = Exclude<Protocol, "rtsps">;
export const carriers: readonly Carrier[] = ["rtsp", "rtmp", "srt", "webrtc", "hls"];

/** yes; maybe: some players or browsers only; no: the server leaves the track out. */
export type Playable = "yes" | "maybe" | "no";

type Row = Partial<Record<Carrier, Playable>>;

const yes = (...through: Carrier[]): Row => Object.fromEntries(through.map((one) => [one, "yes"]));

/** Names as MediaMTX writes them, in small letters and figures alone. RTSP carries everything. */
const known: Record<string, Row> = {
  h264: { ...yes("rtmp", "srt", "hls", "webrtc") },
  h265: { ...yes("srt"), rtmp: "maybe", webrtc: "maybe", hls: "maybe" },
  av1: { rtmp: "maybe", webrtc: "maybe", hls: "maybe" },
  vp9: { ...yes("webrtc"), rtmp: "maybe", hls: "maybe" },
  vp8: yes("webrtc"),
  mpeg4video: yes("srt"),
  mpeg12video: yes("srt"),
  opus: { ...yes("webrtc"), rtmp: "maybe", srt: "maybe", hls: "maybe" },
  mpeg4audio: yes("rtmp", "srt", "hls"),
  mpeg4audiolatm: { rtmp: "maybe", srt: "maybe", hls: "maybe" },
  mpeg12audio: yes("rtmp", "srt"),
  ac3: { srt: "yes", rtmp: "maybe" },
  flac: { rtmp: "maybe", hls: "maybe" },
  g711: { webrtc: "yes", rtmp: "maybe" },
  g722: yes("webrtc"),
  lpcm: { rtmp: "maybe" },
  mjpeg: {},
  g726: {},
  speex: {},
  vorbis: {},
  klv: { srt: "maybe", webrtc: "maybe", hls: "maybe" },
};

export function playable(codec: string, carrier: Carrier): Playable {
  if (carrier === "rtsp") return "yes";
  const row = known[codec.toLowerCase().replace(/[^a-z0-9]/g, "")];
  // A codec of a later version: nobody has tried.
  return row === undefined ? "maybe" : (row[carrier] ?? "no");
}
