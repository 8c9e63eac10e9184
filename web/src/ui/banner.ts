// The strip that says what is wrong with the whole page: connection lost, server unreachable, service failing.
// A screen reader hears each trouble once; the seconds that count beside it are silent.

import { h, Keyed, text, type Row } from "./dom";
import { icon } from "./icons";
import { ago, capital, duration, plural, stop, timeOfDay } from "../format";
import { href } from "../router";
import type { Model } from "./view";

interface Trouble {
  key: string;
  tone: "bad" | "warn" | "good";
  title: string;
  detail: string;
  /** Part that counts; not announced. */
  ticking: string;
  action: { label: string; run: () => unknown } | null;
}

function row(first: Trouble): Row<Trouble> {
  const title = h("strong");
  const detail = h("span");
  const ticking = h("span", { class: "ticking", "aria-hidden": "true" });
  let run = first.action?.run;
  const button = first.action === null ? null : h("button", { type: "button", class: "small", onclick: () => run?.() }, first.action.label);
  const picture = icon(first.key === "connection" ? "unplug" : first.tone === "good" ? "check" : "warn");
  const element = h("div", { class: `banner ${first.tone}`, "data-key": first.key }, picture, h("p", {}, title, " ", detail, " ", ticking), button);
  return {
    element,
    update(trouble) {
      run = trouble.action?.run;
      text(title, trouble.title);
      text(detail, trouble.detail);
      text(ticking, trouble.ticking);
    },
  };
}

/** How long the good news of a recovery stays. */
const RECOVERY = 4_000;
/** A hiccup that heals by itself within this time is not worth a banner. */
const GRACE = 1_500;

export class Banners {
  readonly element = h("div", { class: "banners", role: "status", "aria-live": "polite", "aria-label": "Trouble" });
  private readonly list = new Keyed<Trouble, string>(this.element, row);
  private model: Model | null = null;
  /** When the last news came before the loss that was told; null while all is well. */
  private toldOf: number | null = null;
  private back: { at: number; after: number } | null = null;

  constructor(private readonly retry: () => void) {}

  render(model: Model, now: number): void {
    this.model = model;
    if (model.connection.phase === "open" && this.toldOf !== null) {
      this.back = { at: now, after: now - this.toldOf };
      this.toldOf = null;
    }
    this.tick(now);
  }

  /** `now` by this machine's clock; `serverNow` for times that the server wrote. */
  tick(now: number, serverNow = now): void {
    if (this.model === null) return;
    const troubles = [...this.connection(this.model, now), ...servers(this.model, serverNow), ...services(this.model), ...held(this.model, serverNow), ...outdated(this.model)];
    this.list.render(troubles, (one) => `${one.key} ${one.tone}`);
  }

  private connection({ connection, heardAt, refused }: Model, now: number): Trouble[] {
    const { lostAt, retryAt } = connection;
    if (lostAt !== null && now - lostAt >= GRACE) {
      this.toldOf ??= heardAt ?? lostAt;
      const because = connection.reason === null ? "" : ` (${connection.reason})`;
      const next = retryAt === null ? "Trying now…" : `Next try in ${Math.max(0, Math.ceil((retryAt - now) / 1000))} s.`;
      const detail =
        refused !== null
          ? `Streamwarden refuses this page: ${stop(refused)}`
          : heardAt === null
            ? `Streamwarden does not answer${because}. Is it running?`
            : `What you see is from ${timeOfDay(heardAt)} and may have changed${because}.`;
      const age = heardAt === null ? "" : `${duration(now - heardAt)} old. `;
      return [
        { key: "connection", tone: "bad", title: heardAt === null ? "No connection." : "Connection lost.", detail, ticking: age + next, action: { label: "Try now", run: this.retry } },
      ];
    }
    if (this.back === null || now - this.back.at > RECOVERY) return [];
    const detail = `Live again after ${duration(this.back.after)}.`;
    return [{ key: "connection", tone: "good", title: "Connected.", detail, ticking: "", action: null }];
  }
}

function servers({ live, connection }: Model, now: number): Trouble[] {
  if (connection.lostAt !== null) return [];
  return [...live.servers.values()]
    .filter((server) => !server.reachable)
    .map((server) => {
      const streams = [...live.streams.values()].filter((stream) => stream.server === server.name).length;
      const hit = streams === 0 ? "" : ` The state of ${plural(streams, "stream")} is unknown.`;
      return {
        key: `server ${server.name}`,
        tone: "warn",
        title: `Server “${server.name}” does not answer.`,
        detail: stop(capital(server.reason ?? "no reason was given")) + hit,
        ticking: `For ${ago(server.since, now)}.`,
        action: null,
      } satisfies Trouble;
    });
}

/** The page of the cameras shows it in full. */
function held({ plan, page, connection }: Model, now: number): Trouble[] {
  const found = plan?.held ?? null;
  if (connection.lostAt !== null || found === null || page === "cameras") return [];
  const detail = `It would stop ${found.wouldStop.length} of ${plural(found.running, "camera")} and waits for somebody to confirm it.`;
  const action = { label: "See it", run: () => (location.hash = href({ page: "cameras" })) };
  return [{ key: "plan", tone: "warn", title: "A change of the cameras is blocked.", detail, ticking: `For ${ago(found.since, now)}.`, action }];
}

/** The server was updated while this page stayed open: its scripts may be gone, its messages new. */
function outdated({ status, connection, version }: Model): Trouble[] {
  if (connection.lostAt !== null || status === null || version === null || status.version === version) return [];
  const detail = `This page is of version ${version}, the server of ${status.version}.`;
  return [{ key: "version", tone: "warn", title: "Streamwarden was updated.", detail, ticking: "", action: { label: "Reload", run: () => location.reload() } }];
}

function services({ status, live, connection }: Model): Trouble[] {
  if (connection.lostAt !== null) return [];
  // A server's trouble is known from the WebSocket already, and sooner.
  const told = new Set([...live.servers.keys()].map((name) => `server ${name}`));
  // Cameras that deliver nothing have lines of their own on the first page, and the title counts them.
  told.add("cameras");
  // A blocked change has a banner of its own.
  told.add("camera table");
  return (status?.services ?? [])
    .filter((service) => !service.ok && !told.has(service.name))
    .map((service) => ({
      key: `service ${service.name}`,
      tone: "warn",
      title: `${capital(service.name)} is down.`,
      detail: stop(capital(service.detail)),
      ticking: "",
      action: null,
    }));
}
