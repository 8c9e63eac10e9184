// Puts the parts together: the socket feeds the store, and what is known goes into the signals that the page is drawn from, at
// most once per frame.

import { batch } from "@preact/signals";
import { readQuery } from "./address";
import { api, Problem, serverNow } from "./api";
import { tellTrouble } from "./browser/notify";
import { isDue } from "./browser/pace";
import { closeDialog } from "./components/dialog";
import { entry, learnSession, type Entry } from "./login";
import { actions, clock, model, now, past, route, title, type Model } from "./model";
import { currentRoute, placeOf } from "./router";
import { arrive, followScroll } from "./shell/scroll";
import { reduce } from "./store";
import { lead } from "./summary_words";
import type { ServerMessage } from "./types";
import { m } from "./words/language";
import { LiveSocket, socketUrl, type Connection } from "./ws";

/** How often services and the held plan are asked for; streams come by themselves. */
const STATUS_EVERY = 10_000;
/** How often everything is asked for where no WebSocket comes through. */
const POLL_EVERY = 5_000;
/** A connection that was there may come back: so long nothing is asked for in its place. */
const POLLING_DELAY = 20_000;

/** The icon in the tab says by shape and colour that something needs a person. */
function showIcon(trouble: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const address = trouble ? "./favicon-trouble.svg" : "./favicon.svg";
  if (link !== null && link.getAttribute("href") !== address) link.setAttribute("href", address);
}

const isSeen = () => document.visibilityState === "visible";

export class App {
  /** What is known now; published to the page at most once per frame, and not while nobody sees it. */
  private known: Model = model.peek();
  private frame = 0;
  private asking = false;
  private askedAt = -Infinity;
  private polling = false;
  private polledAt = -Infinity;
  private readonly socket: LiveSocket;

  constructor() {
    followScroll();
    this.socket = new LiveSocket({
      url: socketUrl(document.baseURI),
      waits: true,
      onMessage: (message) => this.hear(message),
      onConnection: (connection) => this.connected(connection),
    });
    actions.retry = () => this.socket.wake();
    actions.askPlan = this.askPlan;
    addEventListener("hashchange", () => this.navigate());
    const wake = () => {
      if (!isSeen()) return;
      this.socket.wake();
      void this.ask();
      this.schedule();
    };
    document.addEventListener("visibilitychange", wake);
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    addEventListener("offline", () => this.socket.offline());
    setInterval(() => this.tick(), 1_000);
    setInterval(() => void this.ask(), STATUS_EVERY);
    setInterval(() => void this.pollInstead(), POLL_EVERY);
    title.subscribe(() => this.showTitle());
    entry.subscribe(({ state }) => this.admit(state));
    void learnSession();
    this.schedule();
  }

  /** What is live is heard by those only who may ask. */
  private admit(state: Entry["state"]): void {
    this.showTitle();
    if (state === "out") this.socket.rest();
    if (state !== "in") return;
    this.socket.go();
    void this.ask();
  }

  /** The time that ages and countdowns are told by: see `now`. */
  private time(): number {
    const { connection, heardAt, polling } = this.known;
    if (connection.lostAt === null || heardAt === null || polling) return serverNow();
    return heardAt + serverNow() - Date.now();
  }

  private change(change: Partial<Model>): void {
    this.known = { ...this.known, ...change };
    this.schedule();
  }

  private hear(message: unknown): void {
    const step = reduce(this.known.live, message as ServerMessage);
    if (step.ask) this.socket.ask();
    this.known = { ...this.known, live: step.state };
    if (!step.applied) return;
    past.append(step.state, step.streams);
    this.change({ heardAt: Date.now() });
  }

  private connected(connection: Connection): void {
    const { phase } = connection;
    const before = this.known.connection;
    if (phase === "waiting" && before.phase !== "waiting") void this.askWhy();
    const open = phase === "open";
    this.change({ connection, ...(open ? { refused: null, polling: false } : {}) });
    if (open && before.phase !== "open" && this.known.heardAt !== null) {
      past.forget();
      void this.ask();
    }
  }

  /** No script sees why a WebSocket was refused; a request beside it does. */
  private async askWhy(): Promise<void> {
    let refused: string | null = null;
    try {
      await api.mayConnect();
    } catch (error) {
      if (error instanceof Problem && error.status === 403) refused = error.message;
    }
    if (this.known.connection.phase !== "open") this.change({ refused });
  }

  /** Where the server answers and no WebSocket comes through, as behind some proxies, the page asks. */
  private async pollInstead(): Promise<void> {
    if (entry.peek().state !== "in") return;
    const { connection, refused, heardAt, polling, live } = this.known;
    const { phase, failures, lostAt } = connection;
    const due = refused === null && failures >= 2 && (polling || heardAt === null || (lostAt !== null && Date.now() - lostAt >= POLLING_DELAY));
    if (phase === "open" || !due || this.polling || !isDue(isSeen(), this.polledAt, performance.now())) return;
    this.polling = true;
    this.polledAt = performance.now();
    try {
      // Few need it: no part of the first view.
      const { askInstead } = await import("./fallback");
      const found = await askInstead(live);
      if (this.known.connection.lostAt === null) return;
      past.append(found, [...found.streams.values()]);
      this.change({ live: found, heardAt: Date.now(), polling: true });
    } catch {
      this.change({ polling: false });
    } finally {
      this.polling = false;
    }
  }

  private async ask(): Promise<void> {
    if (entry.peek().state !== "in" || this.asking || !isDue(isSeen(), this.askedAt, performance.now())) return;
    this.asking = true;
    this.askedAt = performance.now();
    try {
      const status = await api.status();
      this.change({ status, version: this.known.version ?? status.version });
      await this.askPlan();
    } catch {
      // The banner of the connection says it.
    } finally {
      this.asking = false;
    }
  }

  private readonly askPlan = async (): Promise<void> => {
    if (this.known.status?.roles.includes("restream") !== true) return;
    try {
      this.change({ plan: await api.cameraPlan() });
    } catch (error) {
      // An answer that says no plan is no plan; no answer changes nothing.
      if (error instanceof Problem && error.status !== 0) this.change({ plan: null });
    }
  };

  private navigate(): void {
    const next = currentRoute();
    const elsewhere = placeOf(next) !== placeOf(route.peek());
    if (elsewhere) closeDialog();
    batch(() => {
      readQuery();
      route.value = next;
    });
    this.change({ page: next.page });
    arrive();
  }

  private schedule(): void {
    if (this.frame !== 0 || !isSeen()) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.publish();
    });
  }

  private publish(): void {
    batch(() => {
      model.value = this.known;
      now.value = this.time();
      clock.value = Date.now();
    });
    this.showTitle();
  }

  /** The title is seen of a hidden tab, too. */
  private showTitle(): void {
    const out = entry.peek().state === "out";
    const { words, trouble } = out ? { words: m.login.title, trouble: false } : lead(this.known);
    const all = [words, out ? "" : title.peek(), "Streamwarden"].filter((one) => one !== "").join(" · ");
    if (document.title !== all) document.title = all;
    showIcon(trouble);
    if (!out && this.known.heardAt !== null) tellTrouble(words, trouble, m.shell.over);
  }

  private tick(): void {
    this.showTitle();
    if (!isSeen()) return;
    batch(() => {
      now.value = this.time();
      clock.value = Date.now();
    });
  }
}
