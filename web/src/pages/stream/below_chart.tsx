// Below the chart of a stream, over the same span: when it was not live, and its incidents.

import type { VNode } from "preact";
import { Sampled } from "../../components/sample_note";
import { timeOfDay } from "../../format";
import { runsOf } from "../../runs";
import type { Gap, Sample } from "../../types";
import { m } from "../../words/language";
import { lookOf, streamLook } from "../../words/states";

interface Span {
  /** ms since the epoch. */
  from: number;
  to: number;
}

/** Something that is shown at its time. */
export interface Mark {
  key: string;
  from: number;
  /** null: it is not over. */
  to: number | null;
  words: string;
}

export function Band({ samples, gaps, from, to }: Span & { samples: readonly Sample[]; gaps: readonly Gap[] }): VNode {
  return (
    <div class="band" aria-hidden="true">
      {runsOf(samples, gaps, from, to).map((run) => {
        const look = lookOf(streamLook, run.state ?? "unknown");
        const [start, end] = [(run.from - from) / (to - from), (run.to - from) / (to - from)];
        return (
          <i
            key={run.from}
            data-tone={look.tone}
            data-state={run.state}
            title={`${look.words} ${timeOfDay(run.from)} – ${timeOfDay(run.to)}`}
            style={{ left: `${start * 100}%`, width: `max(2px, ${(end - start) * 100}%)` }}
          />
        );
      })}
      <Sampled from={from} to={to} />
    </div>
  );
}

/** Incidents at their time. */
export function Marks({ marks, from, to }: Span & { marks: readonly Mark[] }): VNode | null {
  const seen = marks.filter((one) => one.from <= to && (one.to ?? to) >= from);
  if (seen.length === 0) return null;
  const share = (at: number) => Math.min(1, Math.max(0, (at - from) / (to - from))) * 100;
  return (
    <ul class="marks" aria-label={m.stream.marks}>
      {seen.map((one) => (
        <li key={one.key} title={one.words} style={{ left: `min(100% - 4px, ${share(one.from)}%)`, width: `max(4px, ${share(one.to ?? to) - share(one.from)}%)` }}>
          <span class="unseen">{one.words}</span>
        </li>
      ))}
    </ul>
  );
}
