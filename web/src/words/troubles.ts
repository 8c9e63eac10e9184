// What is wrong with the whole page, in words: connection lost, server unreachable, service failing. Pure.

import { ago, capital, duration, plural, stop, timeOfDay } from "../format";
import type { Model } from "../model";

export interface Trouble {
  key: string;
  tone: "bad" | "warn" | "good";
  title: string;
  detail: string;
  /** Part that counts; not announced. */
  ticking: string;
  action: "retry" | "plan" | "reload" | null;
}

/** How long the good news of a recovery stays, ms. */
const RECOVERY = 4_000;
/** A hiccup that heals by itself within this time is not worth a banner, ms. */
const GRACE = 1_500;

/** What was told of a loss, so that its end can be told. */
export interface Told {
  /** When the last news came before the loss that was told; null while all is well. */
  of: number | null;
  back: { at: number; after: number } | null;
}

/** `now` by this machine's clock. */
export function remember(told: Told, { connection, heardAt }: Model, now: number): Told {
  if (connection.phase === "open") return told.of === null ? told : { of: null, back: { at: now, after: now - told.of } };
  const { lostAt } = connection;
  return lostAt !== null && now - lostAt >= GRACE && told.of === null ? { ...told, of: heardAt ?? lostAt } : told;
}

/** `now` by this machine's clock; `serverNow` for times that the server wrote. */
export function troubles(model: Model, told: Told, now: number, serverNow: number): Trouble[] {
  return [...lost(model, told, now), ...blocked(model), ...servers(model, serverNow), ...services(model), ...held(model, serverNow), ...outdated(model)];
}

function lost({ connection, heardAt, refused, polling }: Model, told: Told, now: number): Trouble[] {
  const { lostAt, retryAt } = connection;
  if (polling) return [];
  if (lostAt !== null && now - lostAt >= GRACE) {
    const because = connection.reason === null ? "" : ` (${connection.reason})`;
    const next = retryAt === null ? "Trying now…" : `Next try in ${Math.max(0, Math.ceil((retryAt - now) / 1000))} s.`;
    const detail =
      refused !== null
        ? `Streamwarden refuses this page: ${stop(refused)}`
        : heardAt === null
          ? `Streamwarden does not answer${because}. Is it running?`
          : `What you see is from ${timeOfDay(heardAt)} and may have changed${because}.`;
    const age = heardAt === null ? "" : `${duration(now - heardAt)} old. `;
    return [{ key: "connection", tone: "bad", title: heardAt === null ? "No connection." : "Connection lost.", detail, ticking: age + next, action: "retry" }];
  }
  if (told.back === null || now - told.back.at > RECOVERY) return [];
  return [{ key: "connection", tone: "good", title: "Connected.", detail: `Live again after ${duration(told.back.after)}.`, ticking: "", action: null }];
}

/** A proxy that lets no WebSocket through: the page asks instead. */
function blocked({ polling }: Model): Trouble[] {
  if (!polling) return [];
  const detail = "The page asks every 5 s instead. A reverse proxy must pass on “Upgrade” (WebSocket).";
  return [{ key: "connection", tone: "warn", title: "Live updates are blocked (WebSocket).", detail, ticking: "", action: "retry" }];
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
  const found = plan?.blocked ?? null;
  if (connection.lostAt !== null || found === null || page === "cameras") return [];
  const detail = `It would stop ${found.wouldStop.length} of ${plural(found.running, "camera")} and waits for somebody to confirm it.`;
  return [{ key: "plan", tone: "warn", title: "A change of the cameras is blocked.", detail, ticking: `For ${ago(found.since, now)}.`, action: "plan" }];
}

/** The server was updated while this page stayed open: its scripts may be gone, its messages new. */
function outdated({ status, connection, version }: Model): Trouble[] {
  if (connection.lostAt !== null || status === null || version === null || status.version === version) return [];
  const detail = `This page is of version ${version}, the server of ${status.version}.`;
  return [{ key: "version", tone: "warn", title: "Streamwarden was updated.", detail, ticking: "", action: "reload" }];
}

function services({ status, live, connection }: Model): Trouble[] {
  if (connection.lostAt !== null) return [];
  // A server's trouble is known from the WebSocket already, and sooner.
  const told = new Set([...live.servers.keys()].map((name) => `server ${name}`));
  // Cameras that deliver nothing have lines of their own on the first page, and the title counts them.
  told.add("cameras");
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
