// Puts the parts together: the socket feeds the store, the store feeds the page that the address names. Drawing
// happens at most once per frame.

import { batch } from "@preact/signals";
import { api, Problem, serverNow } from "./api";
import { readQuery } from "./address";
import { model, now, past, type Model } from "./model";
import { parseRoute, samePage, type Route } from "./router";
import { emptyState, reduce, type LiveState } from "./store";
import { lead } from "./summary_words";
import type { PlanView, ServerMessage, Status } from "./types";
import { Banners } from "./ui/banner";
import { mountToasts } from "./ui/toast";
import type { View } from "./ui/view";
import { cameraView } from "./views/camera";
import { camerasView } from "./views/cameras";
import { recordingView } from "./views/recording";
import { recordingsView } from "./views/recordings";
import { Shell } from "./views/shell";
import { streamView } from "./views/stream";
import { StreamsPage } from "./pages/streams/page";
import { mounted } from "./ui/mounted";
import { LiveSocket, socketUrl, type Connection } from "./ws";

/** How often services and the held plan are asked for; streams come by themselves. */
const STATUS_EVERY = 10_000;

/** The icon in the tab says by shape and colour that something needs a person. */
function showIcon(trouble: boolean): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const address = trouble ? "./favicon-trouble.svg" : "./favicon.svg";
  if (link !== null && link.getAttribute("href") !== address) link.setAttribute("href", address);
}

export class App {
  private live: LiveState = emptyState();
  private connection: Connection = { phase: "connecting", lostAt: null, retryAt: null, failures: 0, reason: null };
  private refused: string | null = null;
  private status: Status | null = null;
  private plan: PlanView | null = null;
  private version: string | null = null;
  private heardAt: number | null = null;
  private route: Route = parseRoute(location.hash);
  private view: View;
  private frame = 0;
  private readonly banners = new Banners(() => this.socket.wake());
  private readonly shell = new Shell(this.banners.element);
  private readonly socket: LiveSocket;

  constructor(root: Element) {
    this.view = this.open(this.route);
    root.replaceChildren(this.shell.element);
    mountToasts(root);
    this.shell.show(this.view, this.route);
    this.socket = new LiveSocket({
      url: socketUrl(document.baseURI),
      onMessage: (message) => this.hear(message),
      onConnection: (connection) => this.connected(connection),
    });
    addEventListener("hashchange", () => this.navigate());
    const wake = () => {
      if (document.visibilityState !== "visible") return;
      this.socket.wake();
      void this.ask();
      this.schedule();
    };
    document.addEventListener("visibilitychange", wake);
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    setInterval(() => this.tick(), 1_000);
    setInterval(() => void this.ask(), STATUS_EVERY);
    void this.ask();
    this.schedule();
  }

  /** The time that ages and countdowns are told by. It stands still while the connection is lost: nobody knows whether
   * a stream that was live then is live now. */
  private readonly time = (): number => {
    if (this.connection.lostAt === null || this.heardAt === null) return serverNow();
    return this.heardAt + serverNow() - Date.now();
  };

  private model(): Model {
    return { live: this.live, connection: this.connection, refused: this.refused, status: this.status, plan: this.plan, page: this.route.page, version: this.version, heardAt: this.heardAt };
  }

  private hear(message: unknown): void {
    const step = reduce(this.live, message as ServerMessage);
    this.live = step.state;
    if (step.ask) this.socket.ask();
    if (!step.applied) return;
    this.heardAt = Date.now();
    past.append(this.live, step.streams);
    this.schedule();
  }

  private connected(connection: Connection): void {
    const back = connection.phase === "open" && this.connection.phase !== "open";
    if (connection.phase === "waiting" && this.connection.phase !== "waiting") void this.askWhy();
    if (connection.phase === "open") this.refused = null;
    this.connection = connection;
    if (back && this.heardAt !== null) {
      past.forget();
      void this.ask();
    }
    this.schedule();
  }

  /** No script sees why a WebSocket was refused; a request beside it does. */
  private async askWhy(): Promise<void> {
    let refused: string | null = null;
    try {
      await api.mayConnect();
    } catch (error) {
      if (error instanceof Problem && error.status === 403) refused = error.message;
    }
    if (this.connection.phase === "open") return;
    this.refused = refused;
    this.schedule();
  }

  private async ask(): Promise<void> {
    if (document.visibilityState !== "visible") return;
    try {
      this.status = await api.status();
      this.version ??= this.status.version;
    } catch {
      // The banner of the connection says it.
      return;
    }
    await this.askPlan();
    this.schedule();
  }

  private readonly askPlan = async (): Promise<void> => {
    if (this.status?.roles.includes("restream") !== true) return;
    try {
      this.plan = await api.cameraPlan();
    } catch (error) {
      // An answer that says no plan is no plan; no answer changes nothing.
      if (error instanceof Problem && error.status !== 0) this.plan = null;
    }
    this.schedule();
  };

  private open(route: Route): View {
    switch (route.page) {
      case "streams":
        return mounted("Streams", StreamsPage);
      case "stream":
        return streamView(route.server, route.name, this.time);
      case "cameras":
        return camerasView(this.time, this.askPlan);
      case "camera":
        return cameraView(route.id, this.time);
      case "recordings":
        return recordingsView(serverNow);
      case "recording":
        return recordingView(route.server, route.name, route.session, serverNow);
    }
  }

  private navigate(): void {
    const route = parseRoute(location.hash);
    const same = samePage(route, this.route);
    this.route = route;
    readQuery();
    if (same) {
      this.view.moved?.(route);
      return;
    }
    this.view.close();
    this.view = this.open(route);
    this.shell.show(this.view, route);
    this.shell.focus();
    this.draw();
  }

  private schedule(): void {
    if (this.frame !== 0 || document.visibilityState !== "visible") return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const model = this.model();
    publish(model, this.time());
    this.banners.render(model, Date.now());
    this.shell.render(model);
    this.view.render(model);
    this.tick();
  }

  private tick(): void {
    // The title is seen of a hidden tab, too.
    const { words, trouble } = lead(this.model());
    const title = [words, this.view.title, "Streamwarden"].filter((one) => one !== "").join(" · ");
    if (document.title !== title) document.title = title;
    showIcon(trouble);
    if (document.visibilityState !== "visible") return;
    this.banners.tick(Date.now(), serverNow());
    now.value = this.time();
    this.view.tick(this.time());
  }
}

function publish(next: Model, time: number): void {
  batch(() => {
    model.value = next;
    now.value = time;
  });
}
