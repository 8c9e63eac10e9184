// What is said of actors, and which of them a filter keeps. Pure.

import type { Actor } from "../../types";
import { m } from "../../words/language";
import { look, type StateStyle } from "../../words/states";

export const actorLook: Record<string, StateStyle> = {
  running: look(() => m.system.health.running, { sign: "good", tone: "good" }),
  restarting: look(() => m.system.health.restarting, { sign: "warn", tone: "warn" }),
  degraded: look(() => m.system.health.degraded, { sign: "bad", tone: "bad" }),
  silent: look(() => m.system.health.silent, { sign: "unknown", tone: "warn" }),
};

export interface ActorCounts {
  all: number;
  running: number;
  restarts: number;
}

export function countActors(actor: Actor): ActorCounts {
  return actor.children.map(countActors).reduce((sum, one) => ({ all: sum.all + one.all, running: sum.running + one.running, restarts: sum.restarts + one.restarts }), {
    all: 1,
    running: actor.health === "running" ? 1 : 0,
    restarts: actor.restarts,
  });
}

/** The actors whose name, kind or state hold every word, with the way down to them; null when none does. */
export function keepActors(actor: Actor, filter: string): Actor | null {
  const words = filter.trim().toLowerCase().split(/\s+/);
  const haystack = `${actor.name} ${actor.kind} ${actor.health}`.toLowerCase();
  if (words.every((word) => haystack.includes(word))) return actor;
  const children = actor.children.map((one) => keepActors(one, filter)).filter((one) => one !== null);
  return children.length === 0 ? null : { ...actor, children };
}

/** A number with the digits that one reads, a time in whole seconds. */
function valueWords(value: unknown): string {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(3)));
  return String(value).replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/, "$1Z");
}

/** What an actor says of itself in one line: its plain values, none of them long. */
export function stateWords(state: Record<string, unknown> | null): string {
  return Object.entries(state ?? {})
    .filter(([name, value]) => name !== "uptimeSeconds" && (typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && value.length <= 40)))
    .slice(0, 6)
    .map(([name, value]) => `${name} ${valueWords(value)}`)
    .join(", ");
}
