// Files without their sound. A browser shows only what it has both picture and sound of: where sound ends before the pictures of a
// file do, the rest of it is played without.

import { boxes, inside, viewOf, type Box } from "./boxes";

/** "soun" */
const SOUND = 0x736f756e;
const FREE = [0x66, 0x72, 0x65, 0x65];
/** How codecs of sound begin. */
const SOUNDS = /^(mp4a|opus|flac|ac-3|ec-3|mp3)/i;

/** The type of a buffer for the pictures alone; null where there are none. */
export function picturesAlone(type: string): string | null {
  const [container = "", codecs = ""] = type.split(/;\s*codecs=/);
  const named = codecs.replaceAll('"', "").split(",").map((one) => one.trim());
  const pictures = named.filter((one) => one !== "" && !SOUNDS.test(one));
  return pictures.length === 0 ? null : `${container};codecs="${pictures.join(",")}"`;
}

/** Makes free space of the sound in what is appended to a buffer, in its place: nothing else moves. */
export class Silencer {
  private sounds = new Set<number>();

  take(bytes: Uint8Array): void {
    const view = viewOf(bytes);
    for (const box of boxes(view, 0, view.byteLength)) {
      if (box.type === "moov") this.head(view, box);
      if (box.type === "moof") for (const traf of inside(view, box, "traf")) if (this.sounds.has(idOf(view, traf, "tfhd", 4))) free(view, traf);
    }
  }

  private head(view: DataView, moov: Box): void {
    this.sounds = new Set();
    for (const trak of inside(view, moov, "trak")) {
      const [hdlr] = inside(view, trak, "mdia").flatMap((mdia) => inside(view, mdia, "hdlr"));
      if (hdlr === undefined || view.getUint32(hdlr.body + 8) !== SOUND) continue;
      const [tkhd] = inside(view, trak, "tkhd");
      this.sounds.add(idOf(view, trak, "tkhd", tkhd !== undefined && view.getUint8(tkhd.body) === 1 ? 20 : 12));
      free(view, trak);
    }
  }
}

/** The number of a track, so far behind the begin of a box in another. */
function idOf(view: DataView, box: Box, type: string, behind: number): number {
  const [found] = inside(view, box, type);
  return found === undefined ? -1 : view.getUint32(found.body + behind);
}

function free(view: DataView, box: Box): void {
  FREE.forEach((byte, index) => view.setUint8(box.start + 4 + index, byte));
}
