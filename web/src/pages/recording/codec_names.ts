// Codecs that a browser lacks, by the names under which people know them. Pure.

import { boxes, sampleEntries, viewOf, type Box } from "./boxes";

/** By the first part of what a browser is asked for, in lower case. */
const NAMES: Record<string, string> = {
  avc1: "H.264",
  avc3: "H.264",
  hvc1: "H.265",
  hev1: "H.265",
  av01: "AV1",
  vp08: "VP8",
  vp09: "VP9",
  mp4a: "AAC",
  opus: "Opus",
  flac: "FLAC",
  "ac-3": "AC-3",
};

/** What `mp4v` and `mp4a` may stand for, by object type (mp4ra.org). */
const OBJECTS: Record<number, string> = { 0x20: "MPEG-4 Video", 0x60: "MPEG-2 Video", 0x61: "MPEG-2 Video", 0x69: "MP3", 0x6a: "MPEG-1 Video", 0x6b: "MP3", 0x6c: "M-JPEG" };

/** Names of those codecs of a type (`video/mp4;codecs="..."`) that a browser lacks; of all when it says that it has each. */
export function lackedCodecs(type: string, head: Uint8Array | null, isSupported: (type: string) => boolean): string {
  const [container = "", list = ""] = type.split(/;\s*codecs=/);
  const codecs = list.replaceAll('"', "").split(",").map((one) => one.trim()).filter((one) => one !== "");
  const lacked = codecs.filter((codec) => !isSupported(`${container};codecs="${codec}"`));
  const names = (lacked.length === 0 ? codecs : lacked).map((codec) => nameOf(codec, head));
  return names.length === 0 ? "?" : names.join(", ");
}

function nameOf(codec: string, head: Uint8Array | null): string {
  const [entry = ""] = codec.toLowerCase().split(".");
  const view = head === null ? null : viewOf(head);
  const found = view === null ? undefined : sampleEntries(view).find((one) => one.type === entry);
  const object = view === null || found === undefined ? null : objectType(view, found);
  return (object === null ? undefined : OBJECTS[object]) ?? NAMES[entry] ?? codec;
}

/** The object type in the `esds` of an entry (ISO 14496-1, 7.2.6). */
function objectType(view: DataView, entry: Box): number | null {
  const fields = entry.type === "mp4a" ? 28 : entry.type === "mp4v" ? 78 : null;
  const esds = fields === null ? undefined : boxes(view, entry.body + fields, entry.end).find((one) => one.type === "esds");
  if (esds === undefined) return null;
  // Version and flags stand before the descriptors.
  let at = esds.body + 4;
  const byte = () => (at < esds.end ? view.getUint8(at++) : 0);
  const opens = (tag: number) => {
    if (byte() !== tag) return false;
    while ((byte() & 0x80) !== 0);
    return true;
  };
  if (!opens(3)) return null;
  at += 3;
  return opens(4) ? byte() : null;
}
