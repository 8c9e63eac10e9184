// The WebSocket client: connects, reconnects with growing and jittered pauses, notices a connection that is open but
// dead, and wakes with the tab. Long messages come compressed where the browser can inflate them. What a message means is the
// store's business.

import { m } from "./words/language";

export type Phase = "connecting" | "open" | "waiting";

export interface Connection {
  phase: Phase;
  /** When the connection was lost; null while it is open or before the first try ended. */
  lostAt: number | null;
  /** When the next try begins; null unless waiting. */
  retryAt: number | null;
  /** Failed tries since the last message. */
  failures: number;
  /** Why the server closed, when it said so. */
  reason: string | null;
}

export interface LiveSocketOptions {
  url: string;
  /** Does not connect before `go` is called. */
  waits?: boolean;
  onMessage: (message: unknown) => void;
  onConnection: (connection: Connection) => void;
  /** For tests. */
  create?: (url: string) => WebSocket;
  random?: () => number;
  now?: () => number;
}

/** First pause, longest pause, ms. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** A try that neither opens nor fails is given up after so long. */
const OPEN_LIMIT = 8_000;
/** Silence after which the client asks for a snapshot, and how long it then waits for any answer: who looks is told within six
 * seconds. The server's own pings are answered by the browser and never seen by a script, so silence has to be broken by asking. */
const SILENCE = 4_000;
const ANSWER_LIMIT = 2_000;
/** How long a snapshot is waited for while other messages come, ms. */
const SNAPSHOT_LIMIT = 4_000;

/** Pause before try number `failures` (from 1): doubling, at most the cap, "equal jitter" (half fixed, half random),
 * so that many pages do not come back in one moment. */
export function pause(failures: number, random: number): number {
  const full = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures - 1, 20));
  return full / 2 + (full / 2) * random;
}

export class LiveSocket {
  private readonly options: LiveSocketOptions;
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Runs while a snapshot that was asked for has not come. */
  private owed: ReturnType<typeof setTimeout> | undefined;
  /** Runs while a message is being inflated: whatever comes after it has to wait for it. */
  private inflating: Promise<void> | null = null;
  private closed = false;
  /** Nobody may connect now; nothing is tried. */
  private resting = false;
  private connection: Connection = { phase: "connecting", lostAt: null, retryAt: null, failures: 0, reason: null };

  constructor(options: LiveSocketOptions) {
    this.options = options;
    this.resting = options.waits ?? false;
    if (!this.resting) this.connect();
  }

  /** Asks for a fresh snapshot. Deltas alone, however many, do not do: without it the page would stand still. */
  ask(): void {
    if (this.connection.phase !== "open") return;
    this.socket?.send('{"type":"snapshot"}');
    this.owed ??= setTimeout(() => this.lost(m.server.noAnswer), SNAPSHOT_LIMIT);
  }

  /** The tab woke up or the network came back: try at once, or make sure that the open connection is alive. */
  wake(): void {
    if (this.closed || this.resting) return;
    if (this.connection.phase === "waiting") this.connect();
    else if (this.connection.phase === "open") this.probe();
  }

  /** The browser says that there is no network: waiting for silence would tell nothing more. */
  offline(): void {
    if (!this.closed && !this.resting && this.connection.phase !== "waiting") this.lost(m.server.offline);
  }

  /** Ends the connection and tries nothing until `go`: nobody is logged in. */
  rest(): void {
    if (this.resting) return;
    this.resting = true;
    this.detach();
    this.change({ phase: "waiting", lostAt: this.connection.lostAt ?? this.now(), retryAt: null });
  }

  /** Connects again. */
  go(): void {
    if (!this.resting || this.closed) return;
    this.resting = false;
    this.connect();
  }

  close(): void {
    this.closed = true;
    this.detach();
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private change(change: Partial<Connection>): void {
    this.connection = { ...this.connection, ...change };
    this.options.onConnection(this.connection);
  }

  private after(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, ms);
  }

  /** Lets go of the socket; whatever it still says is not heard. */
  private detach(): void {
    clearTimeout(this.timer);
    this.settle();
    const socket = this.socket;
    this.socket = null;
    this.inflating = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
    try {
      socket.close();
    } catch {
      // A socket that cannot even be closed is gone.
    }
  }

  private connect(): void {
    this.detach();
    this.change({ phase: "connecting", retryAt: null });
    let socket: WebSocket;
    try {
      socket = (this.options.create ?? ((url) => new WebSocket(url)))(this.options.url);
    } catch {
      this.lost(null);
      return;
    }
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.silent();
    socket.onmessage = (event) => this.arrived(socket, event.data);
    socket.onclose = (event) => this.lost(event.reason === "" ? null : event.reason);
    this.after(OPEN_LIMIT, () => this.lost(m.server.noAnswer));
  }

  /** Keeps the order of the messages, though some have to be inflated first. */
  private arrived(socket: WebSocket, data: unknown): void {
    if (this.socket !== socket) return;
    if (typeof data === "string" && this.inflating === null) {
      this.heard(data);
      return;
    }
    const text = data instanceof ArrayBuffer ? inflate(data) : Promise.resolve(String(data));
    const turn = (this.inflating ?? Promise.resolve())
      .then(() => text)
      .then(
        (text) => {
          if (this.inflating === turn) this.inflating = null;
          if (this.socket === socket) this.heard(text);
        },
        () => {
          if (this.socket === socket) this.lost(null);
        },
      );
    this.inflating = turn;
  }

  private heard(data: string): void {
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    // Only a message, and not the mere opening, proves that the server works: a proxy opens, too.
    if (this.connection.phase !== "open") {
      this.change({ phase: "open", lostAt: null, retryAt: null, failures: 0, reason: null });
    }
    this.silent();
    if ((message as { type?: unknown } | null)?.type === "snapshot") this.settle();
    this.options.onMessage(message);
  }

  private settle(): void {
    clearTimeout(this.owed);
    this.owed = undefined;
  }

  private silent(): void {
    this.after(SILENCE, () => this.probe());
  }

  private probe(): void {
    const asked = this.now();
    try {
      this.socket?.send('{"type":"snapshot"}');
    } catch {
      // Not open: the limit below ends it.
    }
    this.after(ANSWER_LIMIT, () => this.lost(m.server.noAnswer, asked));
  }

  /** `at`: when it was lost, where that is known to be before now. */
  private lost(reason: string | null, at: number | null = null): void {
    this.detach();
    if (this.closed) return;
    const failures = this.connection.failures + 1;
    const wait = pause(failures, (this.options.random ?? Math.random)());
    const now = this.now();
    this.change({
      phase: "waiting",
      lostAt: this.connection.lostAt ?? at ?? now,
      retryAt: now + wait,
      failures,
      reason: reason ?? this.connection.reason,
    });
    this.after(wait, () => this.connect());
  }
}

/** The text of a zlib stream (RFC 1950). Rejects what is none. */
function inflate(data: ArrayBuffer): Promise<string> {
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** Address of the WebSocket beside the page. */
export function socketUrl(page: string): string {
  const url = new URL("api/v1/ws", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  url.search = "DecompressionStream" in globalThis ? "compress=deflate" : "";
  return url.href;
}
