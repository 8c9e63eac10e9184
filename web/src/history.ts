// A stream's samples as what a chart draws. Pure.

import type { Sample } from "./types";

export interface Rows {
  /** Seconds since the epoch. */
  at: number[];
  bitrate: (number | null)[];
  readers: (number | null)[];
  /** The sample of each row; a row that only breaks the line has none. */
  samples: (Sample | undefined)[];
}

/** Columns of the samples; what lies further apart than `gap` ms is not joined. */
export function table(samples: readonly Sample[], gap: number): Rows {
  const rows: Rows = { at: [], bitrate: [], readers: [], samples: [] };
  const push = (at: number, sample: Sample | undefined) => {
    rows.at.push(at / 1000);
    rows.bitrate.push(sample?.state === "live" ? sample.bitrate : null);
    rows.readers.push(sample?.readers ?? null);
    rows.samples.push(sample);
  };
  let before = Infinity;
  for (const sample of samples) {
    const at = Date.parse(sample.at);
    if (at - before > gap) push(before + 1, undefined);
    push(at, sample);
    before = at;
  }
  return rows;
}

/** Least, mean and most of a number in a stretch of time; null breaks the line. */
export interface BandPoint {
  at: string;
  min: number | null;
  mean: number | null;
  max: number | null;
}

export interface BandRows {
  at: number[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
}

/** Columns of the points; what lies further apart than `gap` ms is not joined. */
export function bandTable(points: readonly BandPoint[], gap: number): BandRows {
  const rows: BandRows = { at: [], min: [], mean: [], max: [] };
  const push = (at: number, point: BandPoint | null) => {
    rows.at.push(at / 1000);
    rows.min.push(point?.min ?? null);
    rows.mean.push(point?.mean ?? null);
    rows.max.push(point?.max ?? null);
  };
  let before = Infinity;
  for (const point of points) {
    const at = Date.parse(point.at);
    if (at - before > gap) push(before + 1, null);
    push(at, point);
    before = at;
  }
  return rows;
}
