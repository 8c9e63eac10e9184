// The last day of a stream as a thin bar: live, stalled, offline, not watched. Whoever points at it reads when.

import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { DAY, dayStates } from "../day_states";
import { timeOfDay } from "../format";
import type { StreamStatus } from "../types";
import { m } from "../words/language";
import { lookOf, streamLook } from "../words/states";
import { Sampled } from "./sample_note";
import { useDay } from "./watched_day";

const MINUTE = 60_000;

/** Rounded down, and no more than a lower bound: a step of the history is as bad as its worst moment. */
function percent(share: number): string {
  return share === 1 ? "100 %" : `≥ ${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}

export function DayBar({ stream, watched }: { stream: StreamStatus; watched: boolean }): VNode {
  const { state, since } = stream;
  // By the minute: a bar of a day does not move in a second.
  const { past, minute: now } = useDay(stream, watched);
  const day = useMemo(() => dayStates(past ?? { items: [], gaps: [] }, { state, since }, now + MINUTE), [past, state, since, now]);
  const begin = now + MINUTE - DAY;
  const known = past !== null || !watched;
  const words = day.live === null ? m.overview.day.unknown : `${m.overview.day.live(percent(day.live))}, ${m.overview.day.outages(day.outages)}`;
  return (
    <span class="day" data-known={known ? "" : undefined} title={known ? words : m.overview.day.loading}>
      <span class="band" aria-hidden="true">
        {day.stretches.map((one) =>
          one.state === null ? null : (
            <i
              key={one.from}
              data-tone={streamLook[one.state]?.tone}
              data-state={one.state}
              title={m.overview.day.part(lookOf(streamLook, one.state).words, timeOfDay(one.from).slice(0, 5), timeOfDay(one.to).slice(0, 5))}
              style={{ left: `min(100% - 3px, ${((one.from - begin) / DAY) * 100}%)`, width: `max(3px, ${((one.to - one.from) / DAY) * 100}%)` }}
            />
          ),
        )}
        <Sampled from={begin} to={now + MINUTE} />
      </span>
      <small>{!known || day.live === null ? "–" : percent(day.live)}</small>
      <span class="unseen">{known ? words : ""}</span>
    </span>
  );
}
