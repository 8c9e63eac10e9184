// The live table: every stream of every server, sorted and filtered, moving by itself.

import type { VNode } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import { parseSort, sortWords, SortHeader, type Sort } from "../../components/sort";
import { useWindow } from "../../components/virtual";
import { known, live, stale, waiting } from "../../model";
import { linesOf, type StreamLine } from "../../stream_lines";
import { remembered } from "../../ui/memory";
import { columns, hold, keyOf, select, tiles, type Column, type Tile } from "./order";
import { StreamRow } from "./row";
import { Summary } from "./summary";

/** How long a table that is sorted by a moving figure keeps its order, ms. */
const SETTLED = 10_000;
/** Height of a row that was not measured yet, px. */
const ESTIMATE = 76;

const memory = remembered("streams.sort", "name");

export function StreamsPage(): VNode {
  const filter = query.value.get("q") ?? "";
  const tile = tiles.find((one) => one === query.value.get("state")) ?? null;
  const sort = parseSort<Column>(query.value.get("sort") ?? memory.get(), columns);
  const field = useRef<HTMLInputElement>(null);
  const lines = linesOf(live.value);
  const sorted = select(lines, filter, tile, sort);
  const table = useOrder(sorted, `${sortWords(sort)}\n${filter}\n${tile ?? ""}`, sort.column !== "name");
  useKeys(field);
  const choose = (next: Sort<Column>) => {
    memory.set(sortWords(next));
    writeQuery({ sort: sortWords(next) });
  };
  const show = (next: Tile | null) => writeQuery({ state: next });
  return (
    <section class="page" aria-labelledby="streams-title" data-stale={flag(stale.value)}>
      <h1 id="streams-title" class="unseen">
        Streams
      </h1>
      <Summary chosen={tile} choose={show} />
      <div class="tools">
        <label class="search">
          <Icon name="search" />
          <input
            ref={field}
            type="search"
            placeholder="Filter streams"
            aria-label="Filter streams"
            autocomplete="off"
            spellcheck={false}
            value={filter}
            onInput={(event) => writeQuery({ q: event.currentTarget.value })}
          />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <p class="shown" role="status">
          {sorted.length === lines.length ? "" : `${sorted.length.toLocaleString("en-GB")} of ${lines.length.toLocaleString("en-GB")} shown`}
        </p>
        {table.held ? (
          <p class="held-order">
            Order held while you look
            <button type="button" class="small" onClick={table.settle}>
              Sort now
            </button>
          </p>
        ) : null}
      </div>
      <div class="panel" ref={table.panel}>
        {sorted.length === 0 ? (
          <Explain filtered={lines.length > 0} />
        ) : (
          <Table lines={table.lines} sort={sort} choose={choose} />
        )}
      </div>
    </section>
  );
}

function Table({ lines, sort, choose }: { lines: readonly StreamLine[]; sort: Sort<Column>; choose: (sort: Sort<Column>) => void }): VNode {
  const body = useRef<HTMLTableSectionElement>(null);
  const focused = useRef<string | null>(null);
  const keys = lines.map(keyOf);
  const kept = focused.current === null ? -1 : keys.indexOf(focused.current);
  const { indexes, before, after, measure } = useWindow(lines.length, (index) => keys[index] ?? "", body, ESTIMATE, kept);
  return (
    <table class="data streams" role="table" aria-rowcount={lines.length + 1}>
      <caption class="unseen">Streams, updated live</caption>
      <SortHeader headings={columns} sort={sort} choose={choose} />
      <Space height={before} />
      <tbody
        role="rowgroup"
        ref={body}
        onFocusIn={(event) => (focused.current = (event.target as HTMLElement).closest("tr")?.dataset["key"] ?? null)}
        onFocusOut={() => (focused.current = null)}
      >
        {indexes.map((index) => {
          const line = lines[index];
          return line === undefined ? null : <StreamRow key={keys[index]} index={index} measure={measure} {...line} />;
        })}
      </tbody>
      <Space height={after} />
    </table>
  );
}

/** Stands for the rows that are not drawn. */
function Space({ height }: { height: number }): VNode | null {
  if (height < 1) return null;
  return (
    <tbody class="space" aria-hidden="true">
      <tr>
        <td colSpan={columns.length} style={{ height: `${height}px` }} />
      </tr>
    </tbody>
  );
}

/** The order of the rows. By a figure that moves it settles every few seconds, and not while somebody points at the table, has
 * the focus in it or has selected text of it. */
function useOrder(sorted: readonly StreamLine[], choice: string, moves: boolean) {
  const panel = useRef<HTMLDivElement>(null);
  const kept = useRef<{ choice: string; at: number; keys: readonly string[] }>({ choice: "", at: 0, keys: [] });
  const [, redraw] = useReducer<number, void>((n) => n + 1, 0);
  const looking = () => {
    const element = panel.current;
    if (element === null) return false;
    const selected = getSelection();
    return element.querySelector("tbody:hover, tbody :focus") !== null || (selected !== null && !selected.isCollapsed && element.contains(selected.anchorNode));
  };
  const due = !moves || choice !== kept.current.choice || kept.current.keys.length === 0 || (performance.now() - kept.current.at >= SETTLED && !looking());
  const lines = due ? sorted : hold(sorted, kept.current.keys);
  kept.current = { choice, at: due ? performance.now() : kept.current.at, keys: moves ? lines.map(keyOf) : [] };
  const held = !due && looking() && lines.some((line, index) => line !== sorted[index]);
  const settle = () => {
    kept.current.keys = [];
    redraw(undefined);
  };
  return { panel, lines, held, settle };
}

/** `/` leads to the filter, Escape empties it. */
function useKeys(field: { current: HTMLInputElement | null }): void {
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea, dialog") !== null;
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        field.current?.focus();
      } else if (event.key === "Escape" && event.target === field.current) writeQuery({ q: null });
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
}

function Explain({ filtered }: { filtered: boolean }): VNode {
  if (filtered) {
    return (
      <Empty title="No stream matches">
        <p>Change the filter, or show all streams again.</p>
        <button type="button" onClick={() => writeQuery({ q: null, state: null })}>
          Show all streams
        </button>
      </Empty>
    );
  }
  if (!known.value) {
    if (waiting.value === "lost") {
      return (
        <Empty title="Nothing to show yet">
          <p>The page shows the streams as soon as Streamwarden answers.</p>
        </Empty>
      );
    }
    return (
      <div class="empty">
        <Skeleton label="Loading streams" />
      </div>
    );
  }
  if (live.value.cameras.size > 0) {
    return (
      <Empty title="No stream">
        <p>Every camera is switched off, and nobody else publishes.</p>
        <a class="button" href="#/cameras">
          See all cameras
        </a>
      </Empty>
    );
  }
  return (
    <Empty title="No stream yet">
      <p>Add a camera and Streamwarden pulls it in, or publish to the media server: any path that goes live appears here within 2 seconds.</p>
      <a class="button primary" href="#/cameras">
        <Icon name="plus" />
        Add a camera
      </a>
      <p class="hint">
        Publish by hand: <code>ffmpeg -re -i clip.mp4 -c copy -f rtsp rtsp://127.0.0.1:8554/test</code>
      </p>
    </Empty>
  );
}
