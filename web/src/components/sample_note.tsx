// That a part of what is shown was made up, as in a demo: a hatching over that part, and a sentence.

import type { VNode } from "preact";
import { DAY } from "../day_states";
import { dateTime } from "../format";
import { now } from "../model";
import { sampleShare, sampleUntil } from "../sample_past";
import { m } from "../words/language";

interface Span {
  /** ms since the epoch. */
  from: number;
  to: number;
}

/** Over a band of time. */
export function Sampled({ from, to }: Span): VNode | null {
  const share = sampleShare(from, to, sampleUntil.value);
  if (share === 0) return null;
  return <i class="sampled" title={m.overview.sample(dateTime(sampleUntil.value ?? 0))} style={{ left: "0", width: `${share * 100}%` }} />;
}

/** Below what is shown of the past since `from`. */
export function SampleNote({ from }: { from: number }): VNode | null {
  const until = sampleUntil.value;
  if (until === null || until <= from) return null;
  return (
    <p class="note sample-note">
      <i class="sampled" aria-hidden="true" />
      {m.overview.sample(dateTime(until))}
    </p>
  );
}

/** Below what is shown of the last day. */
export function DaySample(): VNode | null {
  // The time is read only where there is something to say.
  return sampleUntil.value === null ? null : <SampleNote from={now.value - DAY} />;
}
