// How a camera is set up, what it sends, and the ways to its stream and its recordings.

import { api, noRoute } from "../api";
import { soundWords } from "../camera_words";
import { dateTime } from "../format";
import { href } from "../router";
import type { CameraSettings, CameraStatus } from "../types";
import { h, replace, show } from "../ui/dom";
import { icon } from "../ui/icons";
import { Poll } from "../ui/poll";
import { ProbePanel } from "../ui/probe_panel";

const EVERY = 10_000;

const transports: Record<string, string> = { tcp: "TCP", udp: "UDP" };
const sounds: Record<string, string> = { auto: "Auto", copy: "Copied", aac: "AAC", none: "None" };

export class CameraFacts {
  readonly element: HTMLElement;
  private readonly list = h("dl", { class: "facts" });
  private readonly links = h("div", { class: "links" });
  private readonly source: HTMLElement;
  private readonly probe: ProbePanel;
  private readonly poll: Poll<{ settings: CameraSettings; tag: string | null }>;
  private readonly abort = new AbortController();
  private readonly id: number;
  private camera: CameraStatus | null = null;
  private settings: CameraSettings | null = null;
  private shown = { facts: "", links: "" };

  constructor(id: number) {
    this.probe = new ProbePanel("Probe now", (signal) => api.probeCamera(id, signal));
    this.source = h("section", { class: "what-it-sends", "aria-labelledby": "sends-title" }, h("div", { class: "graph-head" }, h("h2", { id: "sends-title" }, "What it sends"), this.probe.button), this.probe.element);
    this.element = h("div", { class: "panel about-stream" }, this.list, this.source, this.links);
    this.poll = new Poll({
      every: EVERY,
      ask: (signal) => api.cameraSettings(id, signal),
      take: ({ settings }) => {
        const before = this.settings;
        this.settings = settings;
        this.draw();
        if (before !== null && source(before) !== source(settings)) this.probe.old("Its settings were changed since.");
      },
      fail: () => undefined,
      none: () => undefined,
    });
    this.id = id;
  }

  render(camera: CameraStatus): void {
    this.camera = camera;
    this.draw();
    this.drawLinks(camera);
  }

  tick(): void {
    this.poll.tick();
  }

  /** The relay looks, too, when it starts. */
  refresh(): void {
    this.poll.refresh();
    void this.kept();
  }

  close(): void {
    this.poll.close();
    this.probe.close();
    this.abort.abort();
  }

  private async kept(): Promise<void> {
    try {
      this.probe.news(await api.keptProbe(this.id, this.abort.signal));
    } catch (error) {
      // A camera that was never looked at has none.
      if (noRoute(error)) show(this.source, false);
    }
  }

  private draw(): void {
    if (this.camera === null) return;
    const facts = rows(this.camera, this.settings).filter((row): row is [string, string] => row[1] !== null && row[1] !== "");
    const state = JSON.stringify(facts);
    if (state === this.shown.facts) return;
    this.shown.facts = state;
    replace(this.list, facts.map(([name, value]) => h("div", { class: value.length > 18 ? "wide" : false }, h("dt", {}, name), h("dd", {}, value))));
  }

  private drawLinks(camera: CameraStatus): void {
    const state = `${camera.server}\0${camera.path}`;
    if (state === this.shown.links) return;
    this.shown.links = state;
    const { server, path: name } = camera;
    replace(
      this.links,
      h("a", { href: href({ page: "stream", server, name }) }, icon("streams"), h("span", {}, "Stream"), icon("chevron")),
      h("a", { href: href({ page: "recording", server, name, session: null }) }, icon("film"), h("span", {}, "Recordings"), icon("chevron")),
    );
  }
}

/** What a look depends on. */
function source(settings: CameraSettings): string {
  const { kind, host, port, username, hasPassword, channel, substream, url, transport } = settings;
  return JSON.stringify([kind, host, port, username, hasPassword, channel, substream, url, transport]);
}

function rows(camera: CameraStatus, settings: CameraSettings | null): [string, string | null][] {
  const common: [string, string | null][] = [
    ["Recording", camera.record ? "Yes" : "No"],
    ["Restarts", String(camera.restarts)],
  ];
  if (settings === null) return [["Make", camera.kind], ["Host", camera.host], ...common];
  const own = settings.url !== null;
  const port = settings.port === null ? "" : `:${settings.port}`;
  return [
    ["URL", settings.url],
    ["Make", own ? null : settings.kind],
    ["Host", own || settings.host === null ? null : `${settings.host}${port}`],
    ["User name", settings.username],
    ["Password", settings.hasPassword ? "kept, never shown" : null],
    ["Channel", own ? null : settings.channel],
    ["Sub stream", own ? null : settings.substream],
    ["Transport", transports[settings.transport ?? "tcp"] ?? settings.transport],
    ["Sound", sounds[settings.audio ?? "auto"] ?? settings.audio],
    ["Sound now", soundWords(camera)],
    ...common,
    ["Changed", settings.updatedAt === null ? null : dateTime(settings.updatedAt)],
  ];
}
