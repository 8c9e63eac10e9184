// Joins segments of a recording into one file: the fragments of all behind the head of the first, each moved to its time. Pictures
// and sound are copied as they are. Pure.
//
// A segment is a fragmented mp4 whose times begin at 0, or go on from the segment before it: `ftyp`, `moov`, then pairs of `moof` and `mdat`. Of each `moof` the number
// (`mfhd`) and the time of each track (`tfdt`) are written anew.

import { boxes, inside, type Box } from "./boxes";

interface Track {
  id: number;
  /** Ticks of a second. */
  scale: number;
  video: boolean;
}

function tracksOf(view: DataView, moov: Box): Track[] {
  return inside(view, moov, "trak").flatMap((trak) => {
    const [tkhd] = inside(view, trak, "tkhd");
    const [mdia] = inside(view, trak, "mdia");
    const [mdhd] = mdia === undefined ? [] : inside(view, mdia, "mdhd");
    const [hdlr] = mdia === undefined ? [] : inside(view, mdia, "hdlr");
    if (tkhd === undefined || mdhd === undefined || hdlr === undefined) return [];
    const late = (box: Box) => view.getUint8(box.body) === 1;
    const id = view.getUint32(tkhd.body + (late(tkhd) ? 20 : 12));
    const scale = view.getUint32(mdhd.body + (late(mdhd) ? 20 : 12));
    // "vide"
    return [{ id, scale, video: view.getUint32(hdlr.body + 8) === 0x76696465 }];
  });
}

/** Set in the flags of a sample that is no key frame. */
const NO_KEY = 0x0001_0000;

/** Whether the first sample of a track's part can be shown without another. */
function beginsWithKey(view: DataView, traf: Box): boolean {
  const [tfhd] = inside(view, traf, "tfhd");
  const [trun] = inside(view, traf, "trun");
  if (tfhd === undefined || trun === undefined) return false;
  const flags = view.getUint32(trun.body) & 0xff_ffff;
  if ((flags & 4) !== 0) return (view.getUint32(trun.body + 8 + ((flags & 1) !== 0 ? 4 : 0)) & NO_KEY) === 0;
  if ((flags & 0x400) !== 0) {
    const sample = trun.body + 8 + ((flags & 1) !== 0 ? 4 : 0);
    const before = ((flags & 0x100) !== 0 ? 4 : 0) + ((flags & 0x200) !== 0 ? 4 : 0);
    return (view.getUint32(sample + before) & NO_KEY) === 0;
  }
  const given = view.getUint32(tfhd.body) & 0xff_ffff;
  if ((given & 0x20) === 0) return true;
  const skipped = ((given & 1) !== 0 ? 8 : 0) + ((given & 2) !== 0 ? 4 : 0) + ((given & 8) !== 0 ? 4 : 0) + ((given & 0x10) !== 0 ? 4 : 0);
  return (view.getUint32(tfhd.body + 8 + skipped) & NO_KEY) === 0;
}

interface Fragment {
  moof: Box;
  /** Where its data ends. */
  end: number;
  /** Time of its first picture by its own timestamps, s. */
  at: number;
  key: boolean;
}

/** Why segments cannot be joined. */
export class NotJoined extends Error {
  constructor(readonly why: "damaged" | "otherTracks") {
    super(why);
  }
}

export class Joiner {
  private head: Uint8Array<ArrayBuffer> | null = null;
  private number = 0;
  /** Where the next segment begins in the file, s. */
  private next = 0;

  /**
   * The parts of the file that a segment gives: the fragments from `from` on (s in the segment; the last key frame before it) and
   * those that begin before `to`. `length`: of the segment, s.
   */
  add(bytes: ArrayBuffer, length: number, from = 0, to = Infinity): Uint8Array<ArrayBuffer>[] {
    const view = new DataView(bytes);
    const all = boxes(view, 0, bytes.byteLength);
    const moov = all.find((one) => one.type === "moov");
    if (moov === undefined) throw new NotJoined("damaged");
    const head = new Uint8Array(bytes, 0, moov.end);
    const first = this.head === null;
    if (this.head !== null && !same(this.head, head)) throw new NotJoined("otherTracks");
    this.head ??= head.slice();
    const tracks = tracksOf(view, moov);
    const fragments = this.fragmentsOf(view, all, tracks);
    // The recorder's timestamps go on over its files.
    const zero = fragments[0]?.at ?? 0;
    const begin = fragments.reduce((last, one, index) => (one.key && one.at - zero <= from ? index : last), 0);
    const kept = fragments.filter((one, index) => index >= begin && one.at - zero < to);
    const start = (kept[0]?.at ?? zero) - zero;
    for (const one of kept) this.move(view, one, tracks, this.next - start - zero);
    this.next += Math.max(0, Math.min(length, to) - start);
    const media = kept.map(({ moof, end }) => new Uint8Array(bytes, moof.start, end - moof.start));
    return first ? [this.head, ...media] : media;
  }

  private fragmentsOf(view: DataView, all: readonly Box[], tracks: readonly Track[]): Fragment[] {
    return all.flatMap((moof, index) => {
      const data = all[index + 1];
      if (moof.type !== "moof" || data?.type !== "mdat") return [];
      const parts = inside(view, moof, "traf").map((traf) => ({ traf, track: trackOf(view, traf, tracks), tfdt: inside(view, traf, "tfdt")[0] }));
      const lead = parts.find((one) => one.track?.video === true) ?? parts[0];
      if (lead?.track === undefined || lead.tfdt === undefined) return [];
      return [{ moof, end: data.end, at: timeOf(view, lead.tfdt) / lead.track.scale, key: !lead.track.video || beginsWithKey(view, lead.traf) }];
    });
  }

  /** Writes the number and the times of a fragment anew, `by` seconds later. */
  private move(view: DataView, { moof }: Fragment, tracks: readonly Track[], by: number): void {
    const [mfhd] = inside(view, moof, "mfhd");
    if (mfhd !== undefined) view.setUint32(mfhd.body + 4, (this.number += 1));
    for (const traf of inside(view, moof, "traf")) {
      const track = trackOf(view, traf, tracks);
      const [tfdt] = inside(view, traf, "tfdt");
      if (track === undefined || tfdt === undefined) continue;
      const time = Math.max(0, Math.round(timeOf(view, tfdt) + by * track.scale));
      if (view.getUint8(tfdt.body) === 1) view.setBigUint64(tfdt.body + 4, BigInt(time));
      else view.setUint32(tfdt.body + 4, time);
    }
  }
}

function trackOf(view: DataView, traf: Box, tracks: readonly Track[]): Track | undefined {
  const [tfhd] = inside(view, traf, "tfhd");
  return tfhd === undefined ? undefined : tracks.find((one) => one.id === view.getUint32(tfhd.body + 4));
}

/** Ticks. */
function timeOf(view: DataView, tfdt: Box): number {
  return view.getUint8(tfdt.body) === 1 ? Number(view.getBigUint64(tfdt.body + 4)) : view.getUint32(tfdt.body + 4);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
