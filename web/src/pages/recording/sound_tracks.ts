// Files with several sound tracks. hls.js names one codec of sound when it opens the browser's buffer, and the browser refuses a
// file that has more tracks than were named: so all of them are named. The browser plays the first.

import { sampleEntries, viewOf } from "./boxes";

/** Codecs of sound by the names of their sample entries, as they are named to a browser. */
const CODECS: Record<string, string> = { mp4a: "mp4a.40.2", Opus: "opus", fLaC: "flac", "ac-3": "ac-3", "ec-3": "ec-3" };

/** Codecs of the sound tracks in the head of a file, in order. */
export function soundCodecs(head: Uint8Array): string[] {
  return sampleEntries(viewOf(head)).flatMap(({ type }) => CODECS[type] ?? []);
}

/** The type of a buffer with every one of several sound tracks named; as it was where there are not several. */
export function withAllSound(type: string, sounds: readonly string[]): string {
  const [container = "", codecs] = type.split(/;\s*codecs=/);
  if (codecs === undefined || sounds.length < 2) return type;
  const named = codecs.replaceAll('"', "").split(",").map((one) => one.trim());
  const isSound = (codec: string) => sounds.some((one) => one.split(".")[0] === codec.toLowerCase().split(".")[0]);
  const sound = named.filter(isSound);
  // A buffer of the picture alone.
  if (sound.length === 0) return type;
  const all = sounds.map((one) => sound.find((known) => known.split(".")[0] === one.split(".")[0]) ?? one);
  return `${container};codecs="${[...named.filter((one) => !isSound(one)), ...all].join(",")}"`;
}
