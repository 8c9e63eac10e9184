// What is wrong with the whole page, in words: connection lost, server unreachable, service failing. Pure.

import { ago, capital, duration, stop, timeOfDay } from "../format";
import type { Model } from "../model";
import { m } from "./language";

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
export interface PastTroubles {
  /** When the last news came before the loss that was told; null while all is well. */
  of: number | null;
  back: { at: number; after: number } | null;
}

/** `now` by this machine's clock. */
export function remember(told: PastTroubles, { connection, heardAt }: Model, now: number): PastTroubles {
  if (connection.phase === "open") return told.of === null ? told : { of: null, back: { at: now, after: now - told.of } };
  const { lostAt } = connection;
  return lostAt !== null && now - lostAt >= GRACE && told.of === null ? { ...told, of: heardAt ?? lostAt } : told;
}

/** `now` by this machine's clock; `serverNow` for times that the server wrote. */
export function troubles(model: Model, told: PastTroubles, now: number, serverNow: number): Trouble[] {
  return [...lost(model, told, now), ...blocked(model), ...servers(model, serverNow), ...services(model), ...held(model, serverNow), ...outdated(model)];
}

function lost({ connection, heardAt, refused, polling }: Model, told: PastTroubles, now: number): Trouble[] {
  const { lostAt, retryAt } = connection;
  if (polling) return [];
  if (lostAt !== null && now - lostAt >= GRACE) {
    const because = connection.reason === null ? "" : ` (${connection.reason})`;
    const next = retryAt === null ? m.troubles.trying : m.troubles.nextTry(Math.max(0, Math.ceil((retryAt - now) / 1000)));
    const detail =
      refused !== null
        ? m.troubles.refuses(stop(refused))
        : heardAt === null
          ? m.troubles.silent(because)
          : m.troubles.from(timeOfDay(heardAt), because);
    const age = heardAt === null ? "" : m.troubles.old(duration(now - heardAt));
    return [{ key: "connection", tone: "bad", title: heardAt === null ? m.troubles.none : m.troubles.lost, detail, ticking: age + next, action: "retry" }];
  }
  if (told.back === null || now - told.back.at > RECOVERY) return [];
  return [{ key: "connection", tone: "good", title: m.troubles.connected, detail: m.troubles.again(duration(told.back.after)), ticking: "", action: null }];
}

/** A proxy that lets no WebSocket through: the page asks instead. */
function blocked({ polling }: Model): Trouble[] {
  if (!polling) return [];
  return [{ key: "connection", tone: "warn", title: m.troubles.polling, detail: m.troubles.pollingWords, ticking: "", action: "retry" }];
}

function servers({ live, connection }: Model, now: number): Trouble[] {
  if (connection.lostAt !== null) return [];
  return [...live.servers.values()]
    .filter((server) => !server.reachable)
    .map((server) => {
      const streams = [...live.streams.values()].filter((stream) => stream.server === server.name).length;
      const hit = streams === 0 ? "" : m.troubles.unknown(streams);
      return {
        key: `server ${server.name}`,
        tone: "warn",
        title: m.troubles.server(server.name),
        detail: stop(capital(server.reason ?? m.troubles.noReason)) + hit,
        ticking: m.troubles.lasting(ago(server.since, now)),
        action: null,
      } satisfies Trouble;
    });
}

/** The page of the cameras shows it in full. */
function held({ plan, page, connection }: Model, now: number): Trouble[] {
  const found = plan?.blocked ?? null;
  if (connection.lostAt !== null || found === null || page === "cameras") return [];
  const detail = m.troubles.blockedWords(found.wouldStop.length, found.running);
  return [{ key: "plan", tone: "warn", title: m.troubles.blocked, detail, ticking: m.troubles.lasting(ago(found.since, now)), action: "plan" }];
}

/** The server was updated while this page stayed open: its scripts may be gone, its messages new. */
function outdated({ status, connection, version }: Model): Trouble[] {
  if (connection.lostAt !== null || status === null || version === null || status.version === version) return [];
  const detail = m.troubles.updatedWords(version, status.version);
  return [{ key: "version", tone: "warn", title: m.troubles.updated, detail, ticking: "", action: "reload" }];
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
      title: m.troubles.down(service.name === "hosts" ? m.troubles.hostAgent : capital(service.name)),
      detail: stop(capital(service.detail)),
      ticking: "",
      action: null,
    }));
}
