// Which moment of the day a position of the player is, and back: read from the playlist's EXTINF and
// PROGRAM-DATE-TIME lines. Pure.

export interface Cue {
  /** Position in the player, seconds. */
  start: number;
  /** Seconds. */
  duration: number;
  /** Wall clock of its first frame, ms since the epoch. */
  at: number;
}

/** Reads a media playlist. `fallback` is the wall clock of its beginning, should it not say. */
export function parsePlaylist(text: string, fallback: number): Cue[] {
  const cues: Cue[] = [];
  let start = 0;
  let at = fallback;
  let duration: number | null = null;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      const told = Date.parse(line.slice("#EXT-X-PROGRAM-DATE-TIME:".length));
      if (!Number.isNaN(told)) at = told;
    } else if (line.startsWith("#EXTINF:")) {
      const told = Number.parseFloat(line.slice("#EXTINF:".length));
      duration = Number.isFinite(told) ? told : null;
    } else if (line !== "" && !line.startsWith("#") && duration !== null) {
      cues.push({ start, duration, at });
      start += duration;
      at += duration * 1000;
      duration = null;
    }
  }
  return cues;
}

export function length(cues: readonly Cue[]): number {
  const last = cues[cues.length - 1];
  return last === undefined ? 0 : last.start + last.duration;
}

/** Index of the last cue for which `before` holds; -1 when for none. Cues are in order. */
function lastWhere(cues: readonly Cue[], before: (cue: Cue) => boolean): number {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const cue = cues[middle];
    if (cue !== undefined && before(cue)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Wall clock of a position; null before anything is known. */
export function wallClock(cues: readonly Cue[], position: number): number | null {
  const cue = cues[Math.max(0, lastWhere(cues, (one) => one.start <= position))];
  return cue === undefined ? null : cue.at + Math.min(Math.max(0, position - cue.start), cue.duration) * 1000;
}

/** Position of a moment; in a gap the first picture after it, after the end the end. */
export function position(cues: readonly Cue[], at: number): number | null {
  const index = lastWhere(cues, (one) => one.at <= at);
  const cue = cues[index];
  if (cue === undefined) return cues.length === 0 ? null : 0;
  const inside = (at - cue.at) / 1000;
  if (inside <= cue.duration) return cue.start + inside;
  return cues[index + 1]?.start ?? length(cues);
}

/** A stretch of a playlist that cannot be played from what was loaded so far: its file is gone, or has other tracks. */
export interface Hole {
  start: number;
  /** Where it goes on. */
  end: number;
  /** The position by the playlist where what comes then has to be opened anew; null where it has not. */
  anew: number | null;
}

/** So soon before a hole what was loaded has come to its end, seconds. */
const NEAR = 0.4;

/** The same where playback stands still before other tracks: nothing more is loaded, and timestamps may lie beside the playlist's. */
const NEAR_STANDING = 2;

/** The hole that a player has come to, playing or standing still. */
export function holeAt(holes: readonly Hole[], position: number, stands = false): Hole | null {
  const near = (hole: Hole) => (stands && hole.anew !== null ? NEAR_STANDING : NEAR);
  return holes.find((one) => position >= one.start - near(one) && position < Math.max(one.end, one.start + NEAR)) ?? null;
}
