// Recordings: one line per recorded stream, with what is being recorded now.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { api, serverNow } from "../../api";
import { titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { usePolled, type Polled } from "../../components/polled";
import { Search } from "../../components/search";
import { parseSort, sortWords, type Heading } from "../../components/sort";
import { DataTable, type RowPlace } from "../../components/table";
import { useTitle } from "../../components/title";
import { ago, bothTimes, bytes, day, dayWords, duration, timeOfDay } from "../../format";
import { live, now, several, stale } from "../../model";
import { href } from "../../router";
import { streamKey, type LiveState } from "../../store";
import type { CameraStatus, RecordingStatus, RecordingSummary } from "../../types";
import { m } from "../../words/language";
import { recordingLook } from "../../words/states";

const REFRESH = 10_000;

const keys = ["name", "state", "length", "size", "sessions", "first", "last"] as const;
type Column = (typeof keys)[number];

function headings(): Heading<Column>[] {
  return keys.map((key) => ({ key, label: m.recordings.column[key], sortable: key !== "state" }));
}

/** A stream that was recorded, is being recorded, or both. */
interface Line {
  server: string;
  stream: string;
  title: string;
  summary: RecordingSummary | null;
  recorder: RecordingStatus | null;
}

function linesOf({ cameras, recordings }: LiveState, summaries: readonly RecordingSummary[]): Line[] {
  const found = new Map<string, Line>();
  const known = new Map<string, CameraStatus>();
  for (const one of cameras.values()) known.set(streamKey(one.server, one.path), one);
  const line = (server: string, stream: string): Line => {
    const camera = known.get(streamKey(server, stream));
    return { server, stream, title: camera === undefined ? stream : titleOf(camera), summary: null, recorder: null };
  };
  for (const one of summaries) found.set(streamKey(one.server, one.stream), { ...line(one.server, one.stream), summary: one });
  for (const [key, recorder] of recordings) found.set(key, { ...(found.get(key) ?? line(recorder.server, recorder.name)), recorder });
  return [...found.values()];
}

const byNumber = new Intl.Collator("en", { numeric: true });
const values: Record<Column, (line: Line) => number> = {
  name: () => 0,
  state: () => 0,
  length: ({ summary }) => -(summary?.durationMs ?? -1),
  size: ({ summary }) => -(summary?.bytes ?? -1),
  sessions: ({ summary }) => -(summary?.sessions ?? -1),
  first: ({ summary }) => (summary === null ? Infinity : Date.parse(summary.first)),
  last: ({ summary }) => (summary === null ? 0 : -Date.parse(summary.last)),
};

export function RecordingsPage(): VNode {
  useTitle(m.recordings.title);
  const { state } = usePolled("recordings", REFRESH, async (signal) => (await api.recordings(signal)).items);
  const filter = query.value.get("q") ?? "";
  const sort = parseSort<Column>(query.value.get("sort") ?? "name", headings());
  const summaries = state.value.answer ?? [];
  const all = linesOf(live.value, summaries);
  const words = filter.trim().toLowerCase().split(/\s+/);
  const order = (a: Line, b: Line) => values[sort.column](a) - values[sort.column](b) || byNumber.compare(a.title, b.title) || a.server.localeCompare(b.server);
  const shown = all
    .filter((line) => words.every((word) => `${line.stream} ${line.title} ${line.server}`.toLowerCase().includes(word)))
    .sort(sort.descending ? (a, b) => order(b, a) : order);
  const total = summaries.reduce((sum, one) => ({ ms: sum.ms + one.durationMs, size: sum.size + one.bytes }), { ms: 0, size: 0 });
  return (
    <section class="page" aria-labelledby="recordings-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <div>
          <h1 id="recordings-title">{m.recordings.title}</h1>
          <p class="lead">{total.size === 0 ? "" : m.recordings.total(duration(total.ms), bytes(total.size))}</p>
        </div>
        <a class="button small" href={href({ page: "completeness" })}>
          {m.completeness.lead}
        </a>
      </div>
      {all.length < 8 && filter === "" ? null : (
        <div class="tools">
          <Search label={m.recordings.filter} value={filter} change={(text) => writeQuery({ q: text })} />
          <p class="shown" role="status">
            {shown.length === all.length ? "" : m.overview.shown(shown.length, all.length)}
          </p>
        </div>
      )}
      <div class="panel">
        {shown.length === 0 ? (
          <Nothing filtered={all.length > 0} {...state.value} />
        ) : (
          <DataTable
            kind="recordings"
            caption={m.recordings.caption}
            headings={headings()}
            sort={sort}
            choose={(next) => writeQuery({ sort: sortWords(next) })}
            items={shown}
            keyOf={(line) => streamKey(line.server, line.stream)}
            estimate={66}
            row={(line, place) => <Row key={place["data-key"]} line={line} place={place} />}
          />
        )}
      </div>
    </section>
  );
}

function moment(time: string, at: number): string {
  return `${dayWords(day(time), at)} ${timeOfDay(time).slice(0, 5)}`;
}

function Row({ line, place }: { line: Line; place: RowPlace }): VNode {
  const { server, stream, title, summary, recorder } = line;
  // Read for the seconds; recordings are told by the server's clock.
  void now.value;
  const at = serverNow();
  const reason = recorder?.reason ?? "";
  const latest = summary === null ? "–" : at - Date.parse(summary.last) < 3_600_000 ? m.recordings.ago(ago(summary.last, at)) : moment(summary.last, at);
  return (
    <tr role="row" {...place} data-new={flag(summary === null)}>
      <th scope="row" role="rowheader" class="c-name">
        <a class="name" href={href({ page: "recording", server, name: stream, session: null })}>
          {title}
        </a>
        {title === stream ? null : <small>{stream}</small>}
        {several.value ? <small>{server}</small> : null}
      </th>
      <td role="cell" class="c-state">
        <span class="line">{recorder === null ? <span class="none">{m.recordings.notNow}</span> : <Badge looks={recordingLook} state={recorder.state} />}</span>
        {reason === "" ? null : (
          <small class="reason" title={reason}>
            {reason}
          </small>
        )}
      </td>
      <td role="cell" data-label={m.recordings.column.length}>
        <b>{summary === null ? "–" : duration(summary.durationMs)}</b>
      </td>
      <td role="cell" data-label={m.recordings.column.size}>
        <span>{summary === null ? "–" : bytes(summary.bytes)}</span>
      </td>
      <td role="cell" data-label={m.recordings.column.sessions}>
        <span>{summary === null ? "–" : summary.sessions}</span>
      </td>
      <td role="cell" data-label={m.recordings.column.first}>
        <span title={summary === null ? undefined : bothTimes(summary.first)}>{summary === null ? "–" : moment(summary.first, at)}</span>
      </td>
      <td role="cell" data-label={m.recordings.column.last}>
        <span title={summary === null ? undefined : bothTimes(summary.last)}>{latest}</span>
      </td>
    </tr>
  );
}

function Nothing({ filtered, answer, fault }: { filtered: boolean } & Polled<RecordingSummary[]>): VNode {
  if (filtered) {
    return (
      <Empty title={m.recordings.noMatch}>
        <button type="button" onClick={() => writeQuery({ q: null })}>
          {m.recordings.showAll}
        </button>
      </Empty>
    );
  }
  if (fault !== null) {
    return (
      <Empty title={m.recordings.unreadable}>
        <p>{fault}</p>
      </Empty>
    );
  }
  if (answer === null) {
    return (
      <div class="empty">
        <Skeleton label={m.recordings.loading} />
      </div>
    );
  }
  return (
    <Empty title={m.recordings.none}>
      <p>{m.recordings.noneWords}</p>
      <a class="button" href="#/">
        {m.shell.seeStreams}
      </a>
    </Empty>
  );
}
