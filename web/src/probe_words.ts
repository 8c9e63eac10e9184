// What a look at a source found, in words. Pure; every rule has a test.

import { capital, dateTime, duration, stop } from "./format";
import type { Probe } from "./types";
import { m } from "./words/language";

const codecs: Record<string, string> = {
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
  if (name === null) return m.probe.none;
  return name === "unseen" ? m.probe.unseen : (codecs[name] ?? name);
}

/** The finding in a few words. */
export function headline(probe: Probe): string {
  if (probe.ok) return m.probe.good;
  return m.probe.faults[probe.fault?.kind ?? ""] ?? m.probe.bad;
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
    [m.probe.video, codec(video)],
    [m.probe.sound, codec(audio)],
    [m.probe.format, format === "" ? "–" : format],
  ];
}

/** When it was looked, and how long that took. */
export function looked(probe: Probe): string {
  const took = probe.ms === null ? "" : m.probe.took(probe.ms < 1_000 ? `${probe.ms} ms` : duration(probe.ms));
  return m.probe.looked(dateTime(probe.at), took);
}
