// The boxes of an mp4, as far as they are looked at here.

export interface Box {
  type: string;
  start: number;
  /** Where its content begins. */
  body: number;
  end: number;
}

/** The boxes of a stretch of bytes; stops at one that is cut off. */
export function boxes(view: DataView, from: number, to: number): Box[] {
  const found: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const small = view.getUint32(at);
    const size = small === 1 && at + 16 <= to ? Number(view.getBigUint64(at + 8)) : small === 0 ? to - at : small;
    if (size < 8 || at + size > to) break;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((index) => view.getUint8(at + index)));
    found.push({ type, start: at, body: at + (small === 1 ? 16 : 8), end: at + size });
    at += size;
  }
  return found;
}

/** Boxes of a type right inside of another. */
export function inside(view: DataView, box: Box, type: string): Box[] {
  return boxes(view, box.body, box.end).filter((one) => one.type === type);
}

/** Where the entries of a track are. */
const PATH = ["mdia", "minf", "stbl", "stsd"];

/** The first sample entry of each track in the head of a file, in order: its type names the codec. */
export function sampleEntries(view: DataView): Box[] {
  const traks = boxes(view, 0, view.byteLength).filter((one) => one.type === "moov").flatMap((moov) => inside(view, moov, "trak"));
  return traks.flatMap((trak) => {
    const [stsd] = PATH.reduce<Box[]>((found, type) => found.flatMap((box) => inside(view, box, type)), [trak]);
    // Version, flags and a count stand before the entries.
    return stsd === undefined ? [] : boxes(view, stsd.body + 8, stsd.end).slice(0, 1);
  });
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
