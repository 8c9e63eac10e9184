// A day as a strip: what was recorded, where the player is, click or arrow keys to go there. A drag shows a part of it closer; with the
// shift key, or by a finger, a drag takes that part along. While a stretch is chosen, a drag is its begin and its end.

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { flag } from "../../components/dom";
import { endOf, scale, ticks, type Scale } from "../../days";
import { bothTimes, timeOfDay } from "../../format";
import type { RecordingSession } from "../../types";
import { m } from "../../words/language";
import { scaled, shifted, within, type Window } from "./window";

const STEPS: Record<string, number> = { ArrowRight: 10_000, ArrowLeft: -10_000, ArrowUp: 10_000, ArrowDown: -10_000, PageUp: 300_000, PageDown: -300_000 };
/** How far a pointer moves at least for a drag, px. */
const DRAG = 4;

interface Props {
  sessions: readonly RecordingSession[];
  /** The day that is shown, `2026-03-09`. */
  date: string | null;
  chosen: string | null;
  at: ReadonlySignal<number | null>;
  now: number;
  go: (at: number) => void;
  /** The stretch that is chosen, for whoever downloads it. */
  stretch: Signal<Window | null>;
}

function share({ from, to }: Scale, at: number): string {
  return `${Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100))}%`;
}

/** What is shown of the day: all of it, or the part that was chosen. */
function useWindow({ sessions, date, now, at }: Props, narrow: boolean) {
  const all = scale(sessions, date, now, narrow ? 5 : 10);
  const [part, show] = useState<Window | null>(null);
  useEffect(() => show(null), [date]);
  const place = at.value;
  const before = useRef(place);
  useEffect(() => {
    // The player has left it at its end: it goes along.
    const last = before.current;
    before.current = place;
    if (part !== null && place !== null && last !== null && last <= part.to && place > part.to && place < part.to + 5_000) show(shifted(part, 1, all));
  }, [place]);
  const shown: Scale = part === null ? all : { ...part, ticks: ticks(part.from, part.to, narrow ? 5 : 10) };
  return { all, part, shown, show };
}

/** A pointer on the strip: a click goes to a moment, a drag shows its stretch, with the shift key or by a finger it takes the part along. */
function useDrag(shown: Scale, all: Scale, part: Window | null, show: (part: Window | null) => void, go: (at: number) => void, choose: ((stretch: Window) => void) | null) {
  const [picked, pick] = useState<Window | null>(null);
  const down = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (event.button !== 0) return;
    const strip = event.currentTarget;
    const box = strip.getBoundingClientRect();
    const { from, to } = shown;
    const moment = ({ clientX }: PointerEvent) => from + Math.min(1, Math.max(0, (clientX - box.left) / box.width)) * (to - from);
    const takes = choose === null && (event.shiftKey || (event.pointerType === "touch" && part !== null));
    const [begun, start] = [moment(event), event.clientX];
    strip.setPointerCapture(event.pointerId);
    const isDrag = (now: PointerEvent) => Math.abs(now.clientX - start) >= DRAG;
    const along = (now: PointerEvent) => show(shifted({ from, to }, (start - now.clientX) / box.width, all));
    const stretch = (now: PointerEvent): Window => ({ from: Math.min(begun, moment(now)), to: Math.max(begun, moment(now)) });
    const move = (now: PointerEvent) => {
      if (!isDrag(now)) return;
      if (takes) along(now);
      else pick(stretch(now));
    };
    const end = (now: PointerEvent) => {
      strip.removeEventListener("pointermove", move);
      strip.removeEventListener("pointerup", end);
      strip.removeEventListener("pointercancel", end);
      pick(null);
      if (now.type !== "pointerup") return;
      if (!isDrag(now)) go(begun);
      else if (choose !== null) choose(stretch(now));
      else if (!takes) show(within(stretch(now), all));
    };
    strip.addEventListener("pointermove", move);
    strip.addEventListener("pointerup", end);
    strip.addEventListener("pointercancel", end);
  };
  return { picked, down };
}

export function Timeline(props: Props): VNode {
  const { sessions, chosen, at, now, go, stretch } = props;
  const [choosing, setChoosing] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const strip = useRef<HTMLDivElement>(null);
  const [narrow, setNarrow] = useState(false);
  const [hint, setHint] = useState<number | null>(null);
  useLayoutEffect(() => setNarrow((element.current?.clientWidth ?? 1_000) < 520));
  const { all, part, shown: range, show } = useWindow(props, narrow);
  const { picked, down } = useDrag(range, all, part, show, go, choosing ? (next) => (stretch.value = next) : null);
  const place = at.value;
  const zoom = (factor: number) => {
    const isSeen = place !== null && place > range.from && place < range.to;
    show(scaled(range, factor, isSeen ? place : (range.from + range.to) / 2, all));
  };
  const moment = (event: MouseEvent): number => {
    const box = strip.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    return range.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (range.to - range.from);
  };
  /** Begin or end of the stretch, at the moment that is shown; the other end goes along where it would be on the wrong side. */
  const edge = (end: "from" | "to", moment: number) => {
    const before = stretch.peek() ?? { from: moment, to: moment };
    const next = { ...before, [end]: moment };
    stretch.value = next.from < next.to ? next : end === "from" ? { from: moment, to: moment + 10_000 } : { from: moment - 10_000, to: moment };
  };
  const key = (event: KeyboardEvent) => {
    const shown = at.peek();
    const here = shown ?? range.from;
    const last = sessions[sessions.length - 1];
    const end = last === undefined ? range.to : endOf(last, now) - 10_000;
    const to = event.key === "Home" ? (sessions[0] === undefined ? null : Date.parse(sessions[0].startedAt)) : event.key === "End" ? end : STEPS[event.key] === undefined ? null : here + (STEPS[event.key] ?? 0);
    if ((event.key === "[" || event.key === "]") && shown !== null) edge(event.key === "[" ? "from" : "to", shown);
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 0.5 : 2);
    else if (to === null) return;
    else go(to);
    event.preventDefault();
  };
  return (
    <div class="timeline" ref={element}>
      <Closer part={part} zoom={zoom} move={(by) => show(shifted(range, by, all))} whole={() => show(null)} choosing={choosing} choose={() => setChoosing(!choosing)} />
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
        onPointerDown={down}
        onPointerMove={(event) => setHint(moment(event))}
        onDblClick={() => show(null)}
        onKeyDown={key}
      >
        <div class="blocks">
          {sessions.map((session) => {
            const start = Math.max(range.from, Date.parse(session.startedAt));
            const end = Math.min(range.to, endOf(session, now));
            return end < start ? null : (
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
        {stretch.value === null || stretch.value.to < range.from || stretch.value.from > range.to ? null : <i class="stretch" style={{ left: share(range, stretch.value.from), width: `${((Math.min(range.to, stretch.value.to) - Math.max(range.from, stretch.value.from)) / (range.to - range.from)) * 100}%` }} />}
        {picked === null ? null : <i class="picked" style={{ left: share(range, picked.from), width: `${((picked.to - picked.from) / (range.to - range.from)) * 100}%` }} />}
        <i class="head" hidden={place === null || place < range.from || place > range.to} style={{ left: share(range, place ?? range.from) }} />
        <span class="hint" aria-hidden="true" style={{ left: share(range, hint ?? range.from) }}>
          {hint === null ? "" : timeOfDay(hint)}
        </span>
      </div>
      <div class="ticks" aria-hidden="true">
        {range.ticks.map((tick) => {
          const part = (tick - range.from) / (range.to - range.from);
          return (
            <span key={tick} title={bothTimes(tick)} data-edge={part < 0.04 ? "start" : part > 0.96 ? "end" : undefined} style={{ left: share(range, tick) }}>
              {timeOfDay(tick).slice(0, range.to - range.from < 600_000 ? 8 : 5)}
            </span>
          );
        })}
      </div>
    </div>
  );
}

/** A closer look at a part of the day, by buttons. */
interface CloserProps {
  part: Window | null;
  zoom: (factor: number) => void;
  move: (by: number) => void;
  whole: () => void;
  /** A drag chooses a stretch. */
  choosing: boolean;
  choose: () => void;
}

function Closer({ part, zoom, move, whole, choosing, choose }: CloserProps): VNode {
  const buttons = [
    { sign: "‹", words: m.stream.earlier, off: part === null, run: () => move(-0.5) },
    { sign: "›", words: m.stream.later, off: part === null, run: () => move(0.5) },
    { sign: "+", words: m.stream.closer, off: false, run: () => zoom(0.5) },
    { sign: "−", words: m.stream.wider, off: part === null, run: () => zoom(2) },
  ];
  return (
    <div class="closer">
      <div class="buttons" role="group" aria-label={m.footage.strip}>
        {buttons.map(({ sign, words, off, run }) => (
          <button key={sign} type="button" class="small" aria-label={words} title={words} disabled={off} onClick={run}>
            {sign}
          </button>
        ))}
        {part === null ? null : (
          <button type="button" class="small" onClick={whole}>
            {m.footage.wholeDay}
          </button>
        )}
      </div>
      <button type="button" class="small" aria-pressed={choosing} onClick={choose}>
        {m.footage.choose}
      </button>
      <span class="by-drag">{choosing ? m.footage.chooses : m.footage.byDrag}</span>
    </div>
  );
}
