// The live table: every stream of every server, sorted and filtered, moving by itself.

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useReducer, useRef } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import { parseSort, sortWords, type Sort } from "../../components/sort";
import { DataTable, type RowPlace } from "../../components/table";
import { DaySample } from "../../components/sample_note";
import { useTitle } from "../../components/title";
import { known, live, stale, waiting } from "../../model";
import { linesOf, type StreamLine } from "../../stream_lines";
import { remembered } from "../../browser/memory";
import { m } from "../../words/language";
import { groupings, itemsOf, type Grouping, type Item } from "./groups";
import { standard } from "./columns";
import { GroupRow } from "./group_row";
import { columns, headingsOf, hold, keyOf, parseColumns, select, tiles, type Column, type Tile } from "./order";
import { Problems } from "./problems_panel";
import { StreamRow } from "./row";
import { Summary } from "./summary";
import { Tools } from "./tools";

/** How long a table that is sorted by a moving figure keeps its order, ms. */
const SETTLED = 10_000;
/** Height of a row that was not measured yet, px. */
const ESTIMATE = 76;

/** Height of a row where rows are close, px. */
const DENSE = 40;

const memory = {
  sort: remembered("streams.sort", "state"),
  columns: remembered("streams.columns", ""),
  dense: remembered("streams.dense", ""),
  group: remembered("streams.group", ""),
};
const dense = signal(memory.dense.get() === "1");

/** What the address says, else what this browser remembers. */
function chosenNow() {
  const words = (key: string, kept: string) => query.value.get(key) ?? kept;
  return {
    filter: words("q", ""),
    tile: tiles.find((one) => one === words("state", "")) ?? null,
    sort: parseSort<Column>(words("sort", memory.sort.get()), headingsOf(columns)),
    picked: parseColumns(words("columns", memory.columns.get())),
    grouping: groupings.find((one) => one === words("group", memory.group.get())) ?? null,
    open: new Set(query.value.getAll("open")),
  };
}

function chooseSort(next: Sort<Column>): void {
  memory.sort.set(sortWords(next));
  writeQuery({ sort: sortWords(next) });
}

function chooseColumns(next: readonly Column[] | null): void {
  memory.columns.set(next === null ? "" : next.join(","));
  writeQuery({ columns: next === null ? null : next.join(",") });
}

function chooseGroup(next: Grouping | null): void {
  memory.group.set(next ?? "");
  writeQuery({ group: next, open: null });
}

function setDense(next: boolean): void {
  memory.dense.set(next ? "1" : "");
  dense.value = next;
}

export function StreamsPage(): VNode {
  const { filter, tile, sort, picked, grouping, open } = chosenNow();
  const lines = linesOf(live.value);
  const sorted = select(lines, filter, tile, sort);
  const table = useOrder(sorted, `${sortWords(sort)}\n${filter}\n${tile ?? ""}`, sort.column !== "name");
  const shown = picked ?? standard.value;
  const close = dense.value;
  useTitle(m.overview.title);
  const row = (item: Item, place: RowPlace) =>
    item.kind === "line" ? (
      <StreamRow key={place["data-key"]} place={place} line={item.line} columns={shown} dense={close} />
    ) : (
      <GroupRow key={place["data-key"]} place={place} group={item.group} by={grouping ?? "server"} open={item.open} toggle={() => toggle(open, item.group.key)} columns={shown.length} />
    );
  return (
    <section class="page" aria-labelledby="streams-title" data-stale={flag(stale.value)}>
      <h1 id="streams-title" class="unseen">
        {m.overview.title}
      </h1>
      <Problems />
      <Summary chosen={tile} choose={(next: Tile | null) => writeQuery({ state: next })} />
      <Tools
        filter={filter}
        shown={sorted.length}
        all={lines.length}
        grouping={grouping}
        group={chooseGroup}
        chosen={shown}
        choose={chooseColumns}
        dense={close}
        setDense={setDense}
        settle={table.held ? table.settle : null}
      />
      <div class="panel" data-dense={flag(close)} ref={table.panel}>
        {sorted.length === 0 ? (
          <Explain filtered={lines.length > 0} />
        ) : (
          <DataTable
            kind="streams"
            caption={m.streams.caption}
            headings={headingsOf(shown)}
            sort={sort}
            choose={chooseSort}
            items={itemsOf(table.lines, grouping, open)}
            keyOf={(item) => (item.kind === "line" ? keyOf(item.line) : `group ${item.group.key}`)}
            estimate={close ? DENSE : ESTIMATE}
            row={row}
          />
        )}
      </div>
      {shown.includes("day") ? <DaySample /> : null}
    </section>
  );
}

/** Opens a group or closes it; the address keeps those that are open. */
function toggle(open: ReadonlySet<string>, key: string): void {
  const next = new Set(open);
  if (!next.delete(key)) next.add(key);
  writeQuery({ open: [...next] });
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
      <Empty title={m.streams.noMatch}>
        <p>{m.streams.noMatchWords}</p>
        <button type="button" onClick={() => writeQuery({ q: null, state: null, open: null })}>
          {m.streams.showAll}
        </button>
      </Empty>
    );
  }
  if (!known.value) {
    if (waiting.value === "lost") {
      return (
        <Empty title={m.streams.nothing}>
          <p>{m.streams.nothingWords}</p>
        </Empty>
      );
    }
    return (
      <div class="empty">
        <Skeleton label={m.streams.loading} />
      </div>
    );
  }
  if (live.value.cameras.size > 0) {
    return (
      <Empty title={m.streams.none}>
        <p>{m.streams.allOff}</p>
        <a class="button" href="#/cameras">
          {m.streams.seeCameras}
        </a>
      </Empty>
    );
  }
  return (
    <Empty title={m.streams.noneYet}>
      <p>{m.streams.noneYetWords}</p>
      <a class="button primary" href="#/cameras">
        <Icon name="plus" />
        {m.streams.addCamera}
      </a>
      <p class="hint">
        {m.streams.byHand} <code>ffmpeg -re -i clip.mp4 -c copy -f rtsp rtsp://127.0.0.1:8554/test</code>
      </p>
    </Empty>
  );
}
