// Recordings: one line per recorded stream, with what is being recorded now.

import { api, sentence } from "../api";
import { ago, bytes, dateTime, duration, timeOfDay, dayWords, day } from "../format";
import { titleOf } from "../camera_words";
import { href } from "../router";
import { streamKey } from "../store";
import type { CameraStatus, RecordingStatus, RecordingSummary } from "../types";
import { h, Keyed, replace, set, show, text, type Row } from "../ui/dom";
import { Badge, recordingLook } from "../ui/states";
import type { Model, View } from "../ui/view";

const REFRESH = 10_000;
const columns = ["Stream", "Now", "Recorded", "Size", "Sessions", "First", "Latest"];

/** A stream that was recorded, is being recorded, or both. */
interface Line {
  server: string;
  stream: string;
  summary: RecordingSummary | null;
  recorder: RecordingStatus | null;
  /** The camera that delivers it. */
  camera: CameraStatus | null;
  several: boolean;
}

function titleIn(line: Line): string {
  return line.camera === null ? line.stream : titleOf(line.camera);
}

function moment(time: string, now: number): string {
  return `${dayWords(day(time), now)} ${timeOfDay(time).slice(0, 5)}`;
}

function lineRow(first: Line, now: () => number): Row<Line> {
  const cell = (label: string, ...children: Node[]) => h("td", { role: "cell", "data-label": label }, ...children);
  const link = h("a", { class: "name", href: href({ page: "recording", server: first.server, name: first.stream, session: null }) }, first.stream);
  const path = h("small", { hidden: true }, first.stream);
  const server = h("small", {}, first.server);
  const badge = new Badge(recordingLook);
  const none = h("span", { class: "none" }, "not now");
  const more = h("small", { class: "reason" });
  const [length, size, sessions, start, end] = ["b", "span", "span", "span", "span"].map((tag) => h(tag as "span"));
  const element = h(
    "tr",
    { role: "row" },
    h("th", { scope: "row", role: "rowheader", class: "c-name" }, link, path, server),
    h("td", { role: "cell", class: "c-state" }, h("span", { class: "line" }, badge.element, none), more),
    cell("Recorded", length as Node),
    cell("Size", size as Node),
    cell("Sessions", sessions as Node),
    cell("First", start as Node),
    cell("Latest", end as Node),
  );
  return {
    element,
    update(line) {
      const { summary, recorder } = line;
      text(link, titleIn(line));
      show(path, titleIn(line) !== line.stream);
      show(server, line.several);
      set(element, "data-new", summary === null);
      show(badge.element, recorder !== null);
      show(none, recorder === null);
      if (recorder !== null) badge.update(recorder.state);
      text(more, recorder?.reason ?? "");
      set(more, "title", recorder?.reason);
      show(more, (recorder?.reason ?? "") !== "");
      const put = (node: Node | undefined, words: string | number) => node !== undefined && text(node, words);
      put(length, summary === null ? "–" : duration(summary.durationMs));
      put(size, summary === null ? "–" : bytes(summary.bytes));
      put(sessions, summary === null ? "–" : summary.sessions);
      put(start, summary === null ? "–" : moment(summary.first, now()));
      put(end, summary === null ? "–" : now() - Date.parse(summary.last) < 3_600_000 ? `${ago(summary.last, now())} ago` : moment(summary.last, now()));
      if (summary !== null) {
        if (start !== undefined) set(start, "title", dateTime(summary.first));
        if (end !== undefined) set(end, "title", dateTime(summary.last));
      }
    },
  };
}

export function recordingsView(now: () => number): View {
  const body = h("tbody", { role: "rowgroup" });
  const head = h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((one, index) => h("th", { scope: "col", role: "columnheader", class: ["c-name", "c-state"][index] }, one))));
  const table = h("table", { class: "data recordings", role: "table" }, h("caption", { class: "unseen" }, "Recorded streams"), head, body);
  const empty = h("div", { class: "empty" });
  const lead = h("p", { class: "lead" });
  const element = h("section", { class: "page", "aria-labelledby": "recordings-title" }, h("div", { class: "headline" }, h("div", {}, h("h1", { id: "recordings-title" }, "Recordings"), lead)), h("div", { class: "panel" }, table, empty));
  const rows = new Keyed<Line, string>(body, (line) => lineRow(line, now));
  const abort = new AbortController();
  let summaries: RecordingSummary[] | null = null;
  let fault: string | null = null;
  let model: Model | null = null;

  async function refresh(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    try {
      summaries = (await api.recordings(abort.signal)).items;
      fault = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      fault = sentence(error);
    }
    draw();
  }

  function lines(): Line[] {
    const found = new Map<string, Line>();
    const several = (model?.live.servers.size ?? 0) > 1;
    const cameras = new Map([...(model?.live.cameras.values() ?? [])].map((one) => [streamKey(one.server, one.path), one]));
    const line = (server: string, stream: string): Line => ({ server, stream, summary: null, recorder: null, camera: cameras.get(streamKey(server, stream)) ?? null, several });
    for (const one of summaries ?? []) found.set(streamKey(one.server, one.stream), { ...line(one.server, one.stream), summary: one });
    for (const [key, recorder] of model?.live.recordings ?? []) {
      found.set(key, { ...(found.get(key) ?? line(recorder.server, recorder.name)), recorder });
    }
    return [...found.values()].sort((a, b) => titleIn(a).localeCompare(titleIn(b), "en", { numeric: true }) || a.server.localeCompare(b.server));
  }

  function draw(): void {
    const list = lines();
    rows.render(list, (line) => streamKey(line.server, line.stream));
    const total = (summaries ?? []).reduce((sum, one) => ({ ms: sum.ms + one.durationMs, size: sum.size + one.bytes }), { ms: 0, size: 0 });
    text(lead, total.size === 0 ? "" : `${duration(total.ms)} recorded, ${bytes(total.size)}`);
    show(table, list.length > 0);
    show(empty, list.length === 0);
    if (list.length > 0) return;
    if (fault !== null) replace(empty, h("h2", {}, "The recordings cannot be read"), h("p", {}, fault));
    else if (summaries === null) replace(empty, h("div", { class: "skeleton", role: "status", "aria-label": "Loading recordings" }, [0, 1, 2].map(() => h("i"))));
    else
      replace(
        empty,
        h("h2", {}, "Nothing recorded yet"),
        h("p", {}, "Every live stream that record.include admits is recorded by itself. The first segment shows here when it is complete, after record.segment_duration."),
        h("a", { class: "button", href: "#/" }, "See the streams"),
      );
  }

  const timer = setInterval(() => void refresh(), REFRESH);
  void refresh();
  draw();
  return {
    element,
    title: "Recordings",
    render(next) {
      model = next;
      set(element, "data-stale", next.connection.lostAt !== null);
      draw();
    },
    tick: () => undefined,
    close() {
      abort.abort();
      clearInterval(timer);
    },
  };
}
