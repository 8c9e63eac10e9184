// What the page knows, as signals: a component that reads one is drawn again when it changes, and no other. `app.ts` writes
// them, at most once per frame.

import { computed, signal } from "@preact/signals";
import { serverNow } from "./api";
import { RequestQueue } from "./browser/request_queue";
import { DayPast } from "./day_past";
import { Past } from "./past";
import { currentRoute, type Route } from "./router";
import { emptyState, MOST_INCIDENTS, type LiveState } from "./store";
import type { CameraStatus, PlanView, Status } from "./types";
import { troublesIn } from "./verdict_words";
import type { Connection } from "./ws";

export interface Model {
  live: LiveState;
  connection: Connection;
  /** Why the server refuses pages of this origin; null when it does not, as far as is known. */
  refused: string | null;
  /** Last answer of /status; null until there is one. */
  status: Status | null;
  /** What of the cameras is held back; null until it is known, and where cameras are not pulled in. */
  plan: PlanView | null;
  /** No WebSocket comes through, and what is shown is asked for instead. */
  polling: boolean;
  /** The page that is shown. */
  page: Route["page"];
  /** Version of the server when this page was opened. */
  version: string | null;
  /** When the last news was applied; null before the first. */
  heardAt: number | null;
}

export const route = signal<Route>(currentRoute());

export const model = signal<Model>({
  live: emptyState(),
  connection: { phase: "connecting", lostAt: null, retryAt: null, failures: 0, reason: null },
  refused: null,
  status: null,
  plan: null,
  polling: false,
  page: route.peek().page,
  version: null,
  heardAt: null,
});

export const live = computed(() => model.value.live);
/** What is shown is old: the connection is lost. */
export const stale = computed(() => model.value.connection.lostAt !== null && !model.value.polling);
/** A snapshot has come. */
export const known = computed(() => live.value.seq !== null);
/** More than one server is watched: its name is worth a place. */
export const several = computed(() => live.value.servers.size > 1);

/** The camera that publishes this path; null where none of ours does. */
export const cameraOf = (server: string, path: string): CameraStatus | null =>
  [...live.value.cameras.values()].find((one) => one.server === server && one.path === path) ?? null;

/** The time that ages and countdowns are told by, once a second. It stands still while the connection is lost: nobody knows
 * whether a stream that was live then is live now. */
export const now = signal(serverNow());

/** This machine's time, once a second and with every change: what counts the seconds of a lost connection. */
export const clock = signal(Date.now());

/** Set by the part that talks to the server. */
export const actions = {
  /** Tries to connect at once. */
  retry: (): void => undefined,
  /** Reads the held plan again. */
  askPlan: (): Promise<void> => Promise.resolve(),
};

/** The lines and the days of the rows on screen wait for one another. */
const requests = new RequestQueue(serverNow);
export const past = new Past(serverNow, undefined, requests);
export const dayPast = new DayPast(serverNow, requests);

/** The incidents that last: how many, counted up to the most that are told, and how many troubles they are. */
export const openIncidents = computed(() => {
  const open = [...live.value.incidents.values()].filter((one) => one.closedAt === null);
  return { all: Math.min(MOST_INCIDENTS, open.length), troubles: troublesIn(open) };
});

/** Incidents are told by the WebSocket; without it they are asked for so often, ms. */
export const incidentPause = (): number => (model.peek().connection.lostAt === null ? 300_000 : 10_000);

/** Words of the page that is shown, for the title bar of the browser. */
export const title = signal("");

/** Why a table is empty as long as nothing has come. */
export const waiting = computed(() => (known.value ? null : stale.value ? "lost" : "loading"));
