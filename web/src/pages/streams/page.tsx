// The live table: every stream of every server, sorted and filtered, moving by itself.

import type { VNode } from "preact";
import { useReducer, useRef } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import { Search } from "../../components/search";
import { parseSort, sortWords, type Sort } from "../../components/sort";
import { DataTable } from "../../components/table";
import { useTitle } from "../../components/title";
import { known, live, stale, waiting } from "../../model";
import { linesOf, type StreamLine } from "../../stream_lines";
import { remembered } from "../../browser/memory";
import { columns, hold, keyOf, select, tiles, type Column, type Tile } from "./order";
import { StreamRow } from "./row";
import { Summary } from "./summary";

/** How long a table that is sorted by a moving figure keeps its order, ms. */
const SETTLED = 10_000;
/** Height of a row that was not measured yet, px. */
const ESTIMATE = 76;

const memory = remembered("streams.sort", "state");

export function StreamsPage(): VNode {
  const filter = query.value.get("q") ?? "";
  const tile = tiles.find((one) => one === query.value.get("state")) ?? null;
  const sort = parseSort<Column>(query.value.get("sort") ?? memory.get(), columns);
  const lines = linesOf(live.value);
  const sorted = select(lines, filter, tile, sort);
  const table = useOrder(sorted, `${sortWords(sort)}\n${filter}\n${tile ?? ""}`, sort.column !== "name");
  useTitle("Streams");
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
        <Search label="Filter streams" value={filter} change={(words) => writeQuery({ q: words })} />
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
          <DataTable
            kind="streams"
            caption="Streams, updated live"
            headings={columns}
            sort={sort}
            choose={choose}
            items={table.lines}
            keyOf={keyOf}
            estimate={ESTIMATE}
            row={(line, place) => <StreamRow key={place["data-key"]} place={place} {...line} />}
          />
        )}
      </div>
    </section>
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
