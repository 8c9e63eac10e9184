// A day as a strip: what was recorded, where the player is, click or arrow keys to go there.

import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { flag } from "../../components/dom";
import { endOf, scale, type Scale } from "../../days";
import { timeOfDay } from "../../format";
import type { RecordingSession } from "../../types";
import { m } from "../../words/language";

const STEPS: Record<string, number> = { ArrowRight: 10_000, ArrowLeft: -10_000, ArrowUp: 10_000, ArrowDown: -10_000, PageUp: 300_000, PageDown: -300_000 };

interface Props {
  sessions: readonly RecordingSession[];
  /** The day that is shown, `2026-03-09`. */
  date: string | null;
  chosen: string | null;
  at: ReadonlySignal<number | null>;
  now: number;
  go: (at: number) => void;
}

function share({ from, to }: Scale, at: number): string {
  return `${Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100))}%`;
}

export function Timeline({ sessions, date, chosen, at, now, go }: Props): VNode {
  const element = useRef<HTMLDivElement>(null);
  const strip = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState(false);
  const [hint, setHint] = useState<number | null>(null);
  useLayoutEffect(() => setNarrow((element.current?.clientWidth ?? 1_000) < 520));
  const range = scale(sessions, date, now, narrow ? 5 : 10);
  const moment = (event: MouseEvent): number => {
    const box = strip.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return range.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (range.to - range.from);
  };
  const key = (event: KeyboardEvent) => {
    const here = at.peek() ?? range.from;
    const last = sessions[sessions.length - 1];
    const end = last === undefined ? range.to : endOf(last, now) - 10_000;
    const to = event.key === "Home" ? (sessions[0] === undefined ? null : Date.parse(sessions[0].startedAt)) : event.key === "End" ? end : STEPS[event.key] === undefined ? null : here + (STEPS[event.key] ?? 0);
    if (to === null) return;
    event.preventDefault();
    go(to);
  };
  const place = at.value;
  return (
    <div class="timeline" ref={element}>
      <div
        class="strip"
        ref={strip}
        role="slider"
        tabIndex={0}
        aria-label={m.recordings.position}
        aria-valuemin={Math.round(range.from)}
        aria-valuemax={Math.round(range.to)}
        // A slider has a value; before something plays it stands at the beginning.
        aria-valuenow={Math.round(place ?? range.from)}
        aria-valuetext={place === null ? m.recordings.notPlayed : timeOfDay(place)}
        onClick={(event) => go(moment(event))}
        onPointerMove={(event) => setHint(moment(event))}
        onKeyDown={key}
      >
        <div class="blocks">
          {sessions.map((session) => {
            const start = Math.max(range.from, Date.parse(session.startedAt));
            const end = Math.min(range.to, endOf(session, now));
            return (
              <i
                key={session.id}
                class="block"
                data-now={flag(session.endedAt === null)}
                data-chosen={flag(session.id === chosen)}
                style={{ left: share(range, start), width: `max(3px, ${((end - start) / (range.to - range.from)) * 100}%)` }}
              />
            );
          })}
        </div>
        <i class="head" hidden={place === null || place < range.from || place > range.to} style={{ left: share(range, place ?? range.from) }} />
        <span class="hint" aria-hidden="true" style={{ left: share(range, hint ?? range.from) }}>
          {hint === null ? "" : timeOfDay(hint)}
        </span>
      </div>
      <div class="ticks" aria-hidden="true">
        {range.ticks.map((tick) => {
          const part = (tick - range.from) / (range.to - range.from);
          return (
            <span key={tick} data-edge={part < 0.04 ? "start" : part > 0.96 ? "end" : undefined} style={{ left: share(range, tick) }}>
              {timeOfDay(tick).slice(0, 5)}
            </span>
          );
        })}
      </div>
    </div>
  );
}
