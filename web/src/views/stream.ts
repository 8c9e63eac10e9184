// One stream in full: how it has been, what it is made of, and the way to its camera and recordings.

import { api, sentence } from "../api";
import { asItIsSince, titleOf } from "../camera_words";
import { ago, bitrate, bytes, dateTime, plural, source } from "../format";
import { href } from "../router";
import { streamKey } from "../store";
import { lineSince, reasonOf } from "../stream_lines";
import type { CameraStatus, Sample, StreamStatus, Track } from "../types";
import { Chart } from "../ui/chart";
import { h, replace, set, show, text } from "../ui/dom";
import { icon } from "../ui/icons";
import { Badge, cameraLook, recordingLook, streamLook } from "../ui/states";
import type { Model, View } from "../ui/view";

const MINUTE = 60_000;
const spans = [
  { label: "15 min", ms: 15 * MINUTE, every: 4_000 },
  { label: "1 h", ms: 60 * MINUTE, every: 10_000 },
  { label: "6 h", ms: 360 * MINUTE, every: 30_000 },
  { label: "24 h", ms: 1_440 * MINUTE, every: 60_000 },
] as const;
const POINTS = 240;

export function streamView(server: string, name: string, now: () => number): View {
  return new StreamPage(server, name, now);
}

function words(track: Track): string {
  const parts = [
    track.width !== undefined && track.height !== undefined ? `${track.width}×${track.height}` : null,
    track.profile,
    track.sampleRate !== undefined ? `${Number((track.sampleRate / 1000).toFixed(1))} kHz` : null,
    track.channels !== undefined ? plural(track.channels, "channel") : null,
  ];
  return parts.filter((one) => one !== null && one !== undefined && one !== "").join(", ");
}

class StreamPage implements View {
  readonly element: HTMLElement;
  title: string;
  private stream: StreamStatus | null = null;
  private span: (typeof spans)[number] = spans[0];
  private samples: Sample[] = [];
  private asked = 0;
  private readonly heading = h("h1", { id: "stream-title" });
  private readonly path = h("p", { class: "lead", hidden: true });
  private readonly badge = new Badge(streamLook);
  private readonly since = h("span", { class: "lead" });
  private readonly reason = h("p", { class: "why", hidden: true });
  private readonly facts = h("dl", { class: "facts" });
  private readonly tracks = h("ul", { class: "track-list" });
  private readonly links = h("div", { class: "links" });
  private readonly chart = new Chart();
  private readonly note = h("p", { class: "note", hidden: true });
  private readonly body: HTMLElement;
  private readonly missing = h("div", { class: "panel empty", hidden: true });
  private readonly choices: HTMLButtonElement[];
  private readonly abort = new AbortController();
  /** Since when it is as it is. */
  private from: string | null = null;
  private shown = { facts: "", tracks: "", links: "" };

  constructor(
    private readonly server: string,
    private readonly name: string,
    private readonly now: () => number,
  ) {
    this.title = name;
    text(this.heading, name);
    text(this.path, name);
    this.choices = spans.map((one) => h("button", { type: "button", class: "small", "aria-pressed": one === this.span ? "true" : "false", onclick: () => this.choose(one) }, one.label));
    this.body = h(
      "div",
      { class: "stream-body" },
      h("div", { class: "panel graph" }, h("div", { class: "graph-head" }, h("h2", {}, "Bitrate"), h("div", { class: "spans", role: "group", "aria-label": "Time span" }, this.choices)), this.chart.element, this.note),
      h("div", { class: "panel about-stream" }, this.facts, h("h2", {}, "Tracks"), this.tracks, this.links),
    );
    this.element = h(
      "section",
      { class: "page", "aria-labelledby": "stream-title" },
      h("a", { class: "back", href: href({ page: "streams" }) }, icon("back"), "Streams"),
      h("div", { class: "headline" }, h("div", {}, this.heading, this.path, h("p", { class: "status-line" }, this.badge.element, this.since), this.reason)),
      this.missing,
      this.body,
    );
    this.badge.update("unknown");
  }

  render(model: Model): void {
    const { live } = model;
    set(this.element, "data-stale", model.connection.lostAt !== null);
    const key = streamKey(this.server, this.name);
    const found = live.streams.get(key) ?? null;
    const known = live.seq !== null;
    show(this.body, found !== null || this.stream !== null);
    show(this.missing, known && found === null && this.stream === null);
    const camera = [...live.cameras.values()].find((one) => one.server === this.server && one.path === this.name) ?? null;
    this.title = camera === null ? this.name : titleOf(camera);
    text(this.heading, this.title);
    show(this.path, this.title !== this.name);
    if (known && found === null) {
      this.gone(camera);
      return;
    }
    if (found === null) return;
    const first = this.stream === null;
    this.stream = found;
    this.from = lineSince({ stream: found, camera });
    this.badge.update(found.state);
    const why = reasonOf({ stream: found, camera, recording: null, absent: false, several: false });
    text(this.reason, why);
    show(this.reason, why !== "");
    this.drawFacts(found, live.servers.size > 1);
    this.drawTracks(found.tracks);
    this.drawLinks(camera, live.recordings.get(key)?.state ?? null);
    if (first) void this.refresh();
  }

  tick(now: number): void {
    if (this.from !== null) text(this.since, `for ${ago(this.from, now)}, since ${dateTime(this.from)}`);
    if (this.stream !== null && now - this.asked >= this.span.every) void this.refresh();
  }

  close(): void {
    this.abort.abort();
  }

  private choose(span: (typeof spans)[number]): void {
    this.span = span;
    this.choices.forEach((button, index) => set(button, "aria-pressed", spans[index] === span ? "true" : "false"));
    void this.refresh();
  }

  private async refresh(): Promise<void> {
    this.asked = this.now();
    const { span } = this;
    const to = this.now();
    const from = to - span.ms;
    try {
      const page = await api.history(this.server, this.name, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), points: POINTS }, this.abort.signal);
      if (span !== this.span) return;
      this.samples = page.items;
      this.chart.render(this.samples, from, to, span.ms / POINTS);
      text(this.note, "Nothing was seen of this stream in this time.");
      show(this.note, this.samples.length === 0);
    } catch (error) {
      if (this.abort.signal.aborted) return;
      text(this.note, `The history cannot be read: ${sentence(error)}`);
      show(this.note, true);
    }
  }

  private gone(camera: CameraStatus | null): void {
    show(this.body, false);
    show(this.missing, true);
    this.badge.update("offline");
    this.stream = null;
    this.from = camera === null ? null : asItIsSince(camera);
    if (this.from === null) text(this.since, "");
    const because = camera?.lastError ?? null;
    replace(
      this.missing,
      h("h2", {}, "This stream is not there now"),
      h("p", {}, because ?? "Nobody publishes to this path. It shows here again as soon as somebody does."),
      h("a", { class: "button", href: href(camera === null ? { page: "recording", server: this.server, name: this.name, session: null } : { page: "camera", id: camera.id }) }, camera === null ? "See its recordings" : "See its camera"),
    );
  }

  private drawFacts(stream: StreamStatus, several: boolean): void {
    const number = (value: number | null | undefined, unit: string) => (value === null || value === undefined ? null : `${Number(value.toFixed(2))} ${unit}`);
    const facts: [string, string | null][] = [
      ["Bitrate", bitrate(stream.bitrate)],
      ["Readers", String(stream.readers)],
      ["Source", source(stream.sourceType)],
      ["Server", several ? stream.server : null],
      ["Received", bytes(stream.bytesReceived)],
      ["Sent", bytes(stream.bytesSent)],
      ["Round trip", number(stream.rtt, "ms")],
      ["Packets lost", number(stream.lossRate, "%")],
      ["SRT rate", number(stream.recvRateMbps, "Mbit/s")],
      ["Link capacity", number(stream.linkCapacityMbps, "Mbit/s")],
    ];
    const kept = facts.filter((fact) => fact[1] !== null);
    const state = JSON.stringify(kept);
    if (state === this.shown.facts) return;
    this.shown.facts = state;
    const old = [...this.facts.querySelectorAll("dd")];
    if (old.length === kept.length && this.facts.dataset["names"] === kept.map((one) => one[0]).join()) {
      kept.forEach((fact, index) => old[index] !== undefined && text(old[index], fact[1] ?? ""));
      return;
    }
    this.facts.dataset["names"] = kept.map((one) => one[0]).join();
    replace(this.facts, kept.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  private drawTracks(tracks: readonly Track[]): void {
    const state = JSON.stringify(tracks);
    if (state === this.shown.tracks) return;
    this.shown.tracks = state;
    replace(this.tracks, tracks.length === 0 ? h("li", { class: "note" }, "none") : tracks.map((one) => h("li", {}, h("b", {}, one.codec), h("span", {}, words(one)))));
  }

  private drawLinks(camera: CameraStatus | null, recording: keyof typeof recordingLook | null): void {
    const state = JSON.stringify([camera?.id, camera?.state, recording]);
    if (state === this.shown.links) return;
    this.shown.links = state;
    const badge = <S extends string>(looks: Record<S, (typeof streamLook)["live"]>, one: S | null) => {
      if (one === null) return null;
      const made = new Badge(looks);
      made.update(one);
      return made.element;
    };
    replace(
      this.links,
      h("a", { href: href({ page: "recording", server: this.server, name: this.name, session: null }) }, icon("film"), h("span", {}, "Recordings"), badge(recordingLook, recording), icon("chevron")),
      camera === null ? null : h("a", { href: href({ page: "camera", id: camera.id }) }, icon("camera"), h("span", {}, `Camera (${camera.kind})`), badge(cameraLook, camera.state), icon("chevron")),
    );
  }
}
