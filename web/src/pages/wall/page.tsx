// The screen that hangs on a wall: every stream as a square, all of them at once; with a picture of what was recorded last, where the
// server makes such.

import "../../styles/wall.css";
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { titleOf } from "../../camera_words";
import { Empty, Skeleton } from "../../components/empty";
import { Icon, Sign } from "../../components/icons";
import { Search } from "../../components/search";
import { Thumbnail } from "../../components/thumbnail";
import { useTitle } from "../../components/title";
import { flag } from "../../components/dom";
import { ago, bitrate, timeOfDay } from "../../format";
import { clock, known, live, model, now, stale } from "../../model";
import { href } from "../../router";
import { lineSince, linesOf, reasonOf, type StreamLine } from "../../stream_lines";
import type { LiveState } from "../../store";
import { m } from "../../words/language";
import { lookOf, streamLook } from "../../words/states";
import { rank } from "../streams/groups";
import { compare, keyOf, matches } from "../streams/order";
import { layout, pace, step } from "./layout";

const SLOW = 1_000;

/** What is shown: the live state, taken over as often as this machine can draw it. */
function useShown(): { state: LiveState; every: number } {
  const [every, setEvery] = useState(SLOW);
  const [shown] = useState(() => signal(live.peek()));
  useEffect(() => {
    const take = () => {
      if (document.visibilityState !== "visible" || shown.peek() === live.peek()) return;
      const before = performance.now();
      shown.value = live.peek();
      requestAnimationFrame(() => setEvery((last) => pace(last, performance.now() - before - 16)));
    };
    const timer = setInterval(take, every);
    return () => clearInterval(timer);
  }, [every]);
  // The first state is not waited for.
  if (shown.value.seq === null && live.value.seq !== null) shown.value = live.value;
  return { state: shown.value, every };
}

function useSize() {
  const place = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 1_000, height: 600 });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = () => {
      const full = document.fullscreenElement !== null;
      const top = full ? element.getBoundingClientRect().top : element.getBoundingClientRect().top + scrollY;
      setSize({ width: element.clientWidth, height: Math.max(240, innerHeight - top - (full ? 20 : 60)) });
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    addEventListener("resize", measure);
    document.addEventListener("fullscreenchange", measure);
    return () => {
      sizes.disconnect();
      removeEventListener("resize", measure);
      document.removeEventListener("fullscreenchange", measure);
    };
  }, []);
  return { place, size };
}

export function WallPage(): VNode {
  useTitle(m.wall.title);
  const page = useRef<HTMLElement>(null);
  const { state, every } = useShown();
  const { place, size } = useSize();
  const filter = query.value.get("q") ?? "";
  const troubleFirst = query.value.get("sort") === "state";
  const lines = linesOf(state)
    .filter((line) => filter.trim() === "" || matches(line, filter.trim()))
    .sort(compare({ column: troubleFirst ? "state" : "name", descending: false }));
  const bad = lines.filter((line) => rank(line) < 3).length;
  const full = () => {
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else void page.current?.requestFullscreen().catch(() => undefined);
  };
  // Before the squares are seen: whoever sees them may press it.
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLElement && event.target.closest("input, dialog") !== null) return;
      full();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  return (
    <section class="page wall" aria-labelledby="wall-title" data-stale={flag(stale.value)} ref={page}>
      <div class="tools">
        <h1 id="wall-title">{m.wall.title}</h1>
        <p class="shown" role="status">
          {known.value ? (bad === 0 ? m.overview.allLive(lines.length) : m.overview.notLive(bad, lines.length)) : ""}
        </p>
        <time class="wall-clock">{timeOfDay(clock.value)}</time>
        <Search label={m.overview.filter} value={filter} change={(words) => writeQuery({ q: words })} />
        <div class="view">
          <button type="button" class="small" aria-pressed={troubleFirst} onClick={() => writeQuery({ sort: troubleFirst ? null : "state" })}>
            {m.wall.troubleFirst}
          </button>
          <button type="button" class="small" onClick={full} title="f">
            <Icon name="full" />
            {m.wall.full}
          </button>
        </div>
      </div>
      <div ref={place} class="wall-place">
        {lines.length > 0 ? <Squares lines={lines} {...size} /> : known.value ? <Empty title={m.wall.none} /> : <Skeleton label={m.wall.title} />}
      </div>
      <p class="note">
        {every > SLOW ? `${m.wall.slow(every / 1_000)} ` : ""}
        <Cost />
      </p>
    </section>
  );
}

/** What the pictures cost, or how to have some. */
function Cost(): VNode {
  const figures = model.value.status?.thumbnails ?? null;
  if (figures === null) return <>{m.thumbs.off}</>;
  const mean = figures.made + figures.failed === 0 ? 0 : figures.busyMs / (figures.made + figures.failed);
  return <>{m.thumbs.cost(figures.made, figures.failed, (mean / 1_000).toFixed(2), figures.waiting)}</>;
}

function Squares({ lines, width, height }: { lines: readonly StreamLine[]; width: number; height: number }): VNode {
  const list = useRef<HTMLUListElement>(null);
  const [focused, setFocused] = useState(0);
  const plan = layout(lines.length, width, height);
  const reachable = Math.min(focused, lines.length - 1);
  return (
    <ul
      ref={list}
      class="squares"
      data-says={plan.says}
      style={{ gridTemplateColumns: `repeat(${plan.columns}, minmax(0, 1fr))`, gridAutoRows: `${Math.floor(plan.height)}px`, fontSize: `${Math.min(30, Math.max(12, plan.height / 8))}px` }}
      onKeyDown={(event) => {
        const to = step(event.key, reachable, plan.columns, lines.length);
        if (to === null) return;
        event.preventDefault();
        setFocused(to);
        list.current?.children[to]?.querySelector("a")?.focus();
      }}
    >
      {lines.map((line, index) => (
        <Square key={keyOf(line)} line={line} reachable={index === reachable} says={plan.says} focus={() => setFocused(index)} />
      ))}
    </ul>
  );
}

function Square({ line, reachable, says, focus }: { line: StreamLine; reachable: boolean; says: string; focus: () => void }): VNode {
  const { stream, camera } = line;
  const look = lookOf(streamLook, stream.state);
  const title = camera === null ? stream.name : titleOf(camera);
  const well = stream.state === "live";
  const lasting = m.overview.lasting(ago(lineSince(line), now.peek()));
  const why = reasonOf(line);
  return (
    <li>
      <a
        class="square"
        data-tone={look.tone}
        data-state={stream.state}
        tabIndex={reachable ? 0 : -1}
        href={href({ page: "stream", server: stream.server, name: stream.name })}
        aria-label={`${title}: ${look.words}${well ? "" : `, ${lasting}`}`}
        title={`${title}: ${look.words}, ${lasting}${why === "" ? "" : `\n${why}`}`}
        onFocus={focus}
      >
        {says === "sign" ? null : <Thumbnail server={stream.server} name={stream.name} recorded={line.recording !== null} />}
        <Sign kind={look.sign} />
        {says === "sign" ? null : <b>{title}</b>}
        {says === "full" ? <small>{well ? bitrate(stream.bitrate) : lasting}</small> : null}
      </a>
    </li>
  );
}
