// The live table: every stream of every server, sorted and filtered, moving by itself.

import { titleOf } from "../camera_words";
import { h, Keyed, replace, set, show, text } from "../ui/dom";
import { icon } from "../ui/icons";
import { remembered } from "../ui/memory";
import { SortHeader } from "../ui/sort";
import { streamOrder } from "../ui/states";
import { Summary, type Tile } from "./summary";
import { streamRow } from "./stream_row";
import { streamKey } from "../store";
import { isStarting, linesOf, reasonOf, type StreamLine } from "../stream_lines";
import type { Past } from "../past";
import type { Model, View } from "../ui/view";

const columns = [
  { key: "name", label: "Stream" },
  { key: "state", label: "State" },
  { key: "source", label: "Source" },
  { key: "bitrate", label: "Bitrate" },
  { key: "readers", label: "Readers" },
  { key: "tracks", label: "Tracks", sortable: false },
  { key: "recording", label: "Recording" },
] as const;

type Column = (typeof columns)[number]["key"];

function compare(column: Column): (a: StreamLine, b: StreamLine) => number {
  const name = (line: StreamLine) => (line.camera === null ? line.stream.name : titleOf(line.camera));
  const byName = (a: StreamLine, b: StreamLine) =>
    name(a).localeCompare(name(b), "en", { numeric: true }) || a.stream.server.localeCompare(b.stream.server);
  const rules: Record<Column, (a: StreamLine, b: StreamLine) => number> = {
    name: () => 0,
    tracks: () => 0,
    state: (a, b) => streamOrder[a.stream.state] - streamOrder[b.stream.state],
    source: (a, b) => (a.stream.sourceType ?? "~").localeCompare(b.stream.sourceType ?? "~"),
    bitrate: (a, b) => (b.stream.bitrate ?? -1) - (a.stream.bitrate ?? -1),
    readers: (a, b) => b.stream.readers - a.stream.readers,
    recording: (a, b) => (a.recording?.state ?? "~").localeCompare(b.recording?.state ?? "~"),
  };
  return (a, b) => rules[column](a, b) || byName(a, b);
}

/** Every word of the filter must be somewhere in the row. */
export function matches(line: StreamLine, filter: string): boolean {
  const { stream, recording } = line;
  const words = [stream.name, line.camera?.label ?? "", reasonOf(line), stream.server, stream.state, stream.sourceType ?? "", recording?.state ?? "", ...stream.tracks.map((one) => one.codec)];
  const haystack = words.join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

export function streamsView(past: Past, now: () => number): View {
  const sort = new SortHeader<Column>(columns, remembered("streams.sort", "name"), () => draw());
  const summary = new Summary(() => draw());
  const filter = h("input", { type: "search", placeholder: "Filter streams", "aria-label": "Filter streams", autocomplete: "off", spellcheck: "false", oninput: () => draw() });
  const body = h("tbody", { role: "rowgroup" });
  const shown = h("p", { class: "shown", role: "status" });
  const empty = h("div", { class: "empty" });
  const table = h("table", { class: "data streams", role: "table" }, h("caption", { class: "unseen" }, "Streams, updated live"), sort.element, body);
  const visible = new Set<string>();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const row = entry.target as HTMLElement;
      const key = row.dataset["key"] ?? "";
      if (!entry.isIntersecting) visible.delete(key);
      else visible.add(key);
    }
    draw();
  }, { rootMargin: "200px" });
  const rows = new Keyed<StreamLine, string>(body, (line) => streamRow(line, { past, now, visible, observer }));
  let model: Model | null = null;

  const element = h(
    "section",
    { class: "page", "aria-labelledby": "streams-title" },
    h("h1", { id: "streams-title", class: "unseen" }, "Streams"),
    summary.element,
    h("div", { class: "tools" }, h("label", { class: "search" }, icon("search"), filter, h("kbd", { "aria-hidden": "true" }, "/")), shown),
    h("div", { class: "panel" }, table, empty),
  );

  function draw(): void {
    if (model === null) return;
    const { live } = model;
    const lines = linesOf(live);
    summary.render(live);
    const words = filter.value.trim();
    const kept = lines.filter((line) => keeps(line, summary.chosen) && (words === "" || matches(line, words)));
    const order = compare(sort.column);
    kept.sort(sort.descending ? (a, b) => order(b, a) : order);
    rows.render(kept, (line) => streamKey(line.stream.server, line.stream.name));
    show(table, kept.length > 0);
    show(empty, kept.length === 0);
    text(shown, kept.length === lines.length ? "" : `${kept.length} of ${lines.length} shown`);
    if (kept.length === 0) explain(lines.length, model);
  }

  let explained = "";
  function explain(total: number, { live, connection }: Model): void {
    const why = total > 0 ? "filter" : live.seq !== null ? (live.cameras.size > 0 ? "off" : "nothing") : connection.lostAt === null ? "loading" : "lost";
    if (why === explained) return;
    explained = why;
    const clear = () => {
      filter.value = "";
      summary.clear();
      draw();
    };
    if (why === "filter")
      replace(empty, h("h2", {}, "No stream matches"), h("p", {}, "Change the filter, or show all streams again."), h("button", { type: "button", onclick: clear }, "Show all streams"));
    else if (why === "loading") replace(empty, h("div", { class: "skeleton", role: "status", "aria-label": "Loading streams" }, [0, 1, 2].map(() => h("i"))));
    else if (why === "off")
      replace(empty, h("h2", {}, "No stream"), h("p", {}, "Every camera is switched off, and nobody else publishes."), h("a", { class: "button", href: "#/cameras" }, "See all cameras"));
    else if (why === "lost") replace(empty, h("h2", {}, "Nothing to show yet"), h("p", {}, "The page shows the streams as soon as Streamwarden answers."));
    else
      replace(
        empty,
        h("h2", {}, "No stream yet"),
        h("p", {}, "Add a camera and Streamwarden pulls it in, or publish to the media server: any path that goes live appears here within 2 seconds."),
        h("a", { class: "button primary", href: "#/cameras" }, icon("plus"), "Add a camera"),
        h("p", { class: "hint" }, "Publish by hand: ", h("code", {}, "ffmpeg -re -i clip.mp4 -c copy -f rtsp rtsp://127.0.0.1:8554/test")),
      );
  }

  const key = (event: KeyboardEvent) => {
    const field = event.target instanceof HTMLElement && event.target.closest("input, select, textarea, dialog") !== null;
    if (event.key === "/" && !field && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "Escape" && event.target === filter) {
      filter.value = "";
      draw();
    }
  };
  document.addEventListener("keydown", key);

  return {
    element,
    title: "Streams",
    render(next) {
      model = next;
      // What is shown is old while the connection is lost.
      set(element, "data-stale", next.connection.lostAt !== null);
      if (kept(next)) explained = "";
      draw();
    },
    tick: () => rows.each((row) => (row as { tick?: () => void }).tick?.()),
    close() {
      document.removeEventListener("keydown", key);
      observer.disconnect();
      rows.close();
    },
  };
}

function kept(model: Model): boolean {
  return model.live.streams.size > 0 || model.live.cameras.size > 0;
}

function keeps(line: StreamLine, tile: Tile | null): boolean {
  if (tile === null) return true;
  if (tile === "recording") return line.recording?.state === "recording";
  if (line.stream.state === "offline" && line.camera !== null && isStarting(line.camera)) return false;
  return line.stream.state === tile;
}
