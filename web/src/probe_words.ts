// What a look at a source found, in words. Pure; every rule has a test.

import { capital, dateTime, duration, stop } from "./format";
import type { Probe } from "./types";

const faults: Record<string, string> = {
  nameNotResolved: "Name not found",
  refused: "Connection refused",
  noRoute: "Network unreachable",
  timedOut: "Timeout",
  tls: "TLS failed",
  unauthorized: "Login refused",
  notFound: "No such stream",
  notMedia: "Not a stream",
  noVideo: "No video",
  codecUnsupported: "Codec cannot be relayed",
  silent: "Timeout: sends nothing",
  noKeyFrame: "Timeout: no key frame",
  publishRefused: "Media server refused",
  soundMissing: "No sound arrives",
  clockJumped: "Its clock jumped",
  busy: "The camera is busy",
  ended: "Connection cut",
  program: "ffprobe failed",
};

const codecs: Record<string, string> = {
  unseen: "not probed",
  h264: "H.264",
  hevc: "H.265",
  av1: "AV1",
  vp8: "VP8",
  vp9: "VP9",
  mjpeg: "MJPEG",
  mpeg4: "MPEG-4",
  mpeg1video: "MPEG-1",
  mpeg2video: "MPEG-2",
  aac: "AAC",
  opus: "Opus",
  mp2: "MP2",
  mp3: "MP3",
  ac3: "AC-3",
  vorbis: "Vorbis",
  pcm_alaw: "G.711 A-law",
  pcm_mulaw: "G.711 µ-law",
  adpcm_g722: "G.722",
  adpcm_g726: "G.726",
  adpcm_g726le: "G.726",
};

/** A codec of ffmpeg's in the words of the trade. */
export function codec(name: string | null): string {
  return name === null ? "none" : (codecs[name] ?? name);
}

/** The finding in a few words. */
export function headline(probe: Probe): string {
  if (probe.ok) return "It can be pulled in";
  return faults[probe.fault?.kind ?? ""] ?? "It cannot be pulled in";
}

/** The fault with its remedy, as the server says it. */
export function advice(probe: Probe): string {
  return probe.fault === null ? "" : stop(capital(probe.fault.message));
}

/** What the source sends, as names and values. */
export function found(probe: Probe): [string, string][] {
  if (probe.tracks === null) return [];
  const { video, audio, format } = probe.tracks;
  return [
    ["Video", codec(video)],
    ["Sound", codec(audio)],
    ["Format", format === "" ? "–" : format],
  ];
}

/** When it was looked, and how long that took. */
export function looked(probe: Probe): string {
  const took = probe.ms === null ? "" : probe.ms < 1_000 ? `, took ${probe.ms} ms` : `, took ${duration(probe.ms)}`;
  return `Probed ${dateTime(probe.at)}${took}.`;
}
