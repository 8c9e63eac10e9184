import { deflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveSocket, pause, socketUrl, type Connection } from "./ws";

class FakeSocket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: string[] = [];
  closed = false;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.onopen?.();
  }
  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  drop(reason = "", code = 1006): void {
    this.onclose?.({ code, reason });
  }
}

const snapshot = { type: "snapshot", seq: 1, items: [] };

function start(random = 0.5) {
  const connections: Connection[] = [];
  const messages: unknown[] = [];
  const socket = new LiveSocket({
    url: "ws://host/api/v1/ws",
    create: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => random,
    onMessage: (message) => messages.push(message),
    onConnection: (connection) => connections.push(connection),
  });
  return { socket, messages, phase: () => connections[connections.length - 1]?.phase, connection: () => connections[connections.length - 1] };
}

const sockets = () => FakeSocket.all.length;
const latest = () => FakeSocket.all[FakeSocket.all.length - 1] as FakeSocket;

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe("pauses", () => {
  it("double up to the cap, half of each by chance", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 50].map((failures) => pause(failures, 1))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect([1, 2, 3].map((failures) => pause(failures, 0))).toEqual([250, 500, 1_000]);
  });
});

describe("a good connection", () => {
  it("counts as open with the first message, not with the mere opening", () => {
    const page = start();
    latest().open();
    expect(page.phase()).toBe("connecting");
    latest().say(snapshot);
    expect(page.phase()).toBe("open");
    expect(page.messages).toEqual([snapshot]);
  });

  it("survives a message that is no JSON", () => {
    const page = start();
    latest().say(snapshot);
    latest().say("{nonsense");
    expect(page.phase()).toBe("open");
    expect(page.messages).toHaveLength(1);
  });

  it("asks for a snapshot when told to", () => {
    const page = start();
    latest().say(snapshot);
    page.socket.ask();
    expect(latest().sent).toEqual(['{"type":"snapshot"}']);
  });
});

describe("a lost connection", () => {
  it("is tried again after growing pauses, and tells since when it is lost", () => {
    const page = start(1);
    latest().say(snapshot);
    const lostAt = Date.now();
    latest().drop("you were too slow", 4001);
    expect(page.connection()).toMatchObject({ phase: "waiting", lostAt, failures: 1, retryAt: lostAt + 500, reason: "you were too slow" });
    vi.advanceTimersByTime(499);
    expect(sockets()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(sockets()).toBe(2);
    expect(page.connection()).toMatchObject({ phase: "connecting", lostAt, retryAt: null });
    latest().drop();
    expect(page.connection()).toMatchObject({ failures: 2, lostAt, reason: "you were too slow" });
    vi.advanceTimersByTime(1_000);
    expect(sockets()).toBe(3);
    latest().say(snapshot);
    expect(page.connection()).toEqual({ phase: "open", lostAt: null, retryAt: null, failures: 0, reason: null });
  });

  it("that opens and closes at once does not reset the pauses", () => {
    const page = start(1);
    for (const wait of [500, 1_000, 2_000]) {
      latest().open();
      latest().drop();
      expect(page.connection()?.retryAt).toBe(Date.now() + wait);
      vi.advanceTimersByTime(wait);
    }
  });

  it("is given up when it neither opens nor fails", () => {
    const page = start();
    vi.advanceTimersByTime(8_000);
    expect(page.phase()).toBe("waiting");
    expect(latest().closed).toBe(true);
  });

  it("is noticed when it is silent: asks, waits for an answer, then connects anew", () => {
    const page = start();
    latest().open();
    latest().say(snapshot);
    vi.advanceTimersByTime(4_000);
    expect(latest().sent).toEqual(['{"type":"snapshot"}']);
    expect(page.phase()).toBe("open");
    const asked = Date.now();
    vi.advanceTimersByTime(2_000);
    // Lost since it was asked: who looks is told at once, six seconds after the last news.
    expect(page.connection()).toMatchObject({ phase: "waiting", reason: "no answer", lostAt: asked });
  });

  it("is not thought lost when it answers the question", () => {
    const page = start();
    latest().say(snapshot);
    for (let round = 0; round < 4; round += 1) {
      vi.advanceTimersByTime(5_500);
      latest().say(snapshot);
    }
    vi.advanceTimersByTime(5_999);
    expect(page.phase()).toBe("open");
    expect(sockets()).toBe(1);
  });

  it("what an abandoned socket still says is not heard", () => {
    const page = start();
    const old = latest();
    old.drop();
    old.say(snapshot);
    old.drop();
    expect(page.messages).toEqual([]);
    expect(page.connection()?.failures).toBe(1);
  });

  it("a browser that refuses to make a socket counts as a failure", () => {
    const connections: Connection[] = [];
    const socket = new LiveSocket({
      url: "ws://host/",
      create: () => {
        throw new Error("refused");
      },
      onMessage: () => undefined,
      onConnection: (connection) => connections.push(connection),
    });
    expect(connections[connections.length - 1]?.phase).toBe("waiting");
    socket.close();
  });
});

describe("a snapshot that was asked for", () => {
  it("must come, whatever else does: else the connection is made anew", () => {
    const page = start();
    latest().say(snapshot);
    page.socket.ask();
    for (let second = 0; second < 3; second += 1) {
      vi.advanceTimersByTime(1_000);
      latest().say({ type: "delta", seq: 9 + second, upsert: [], remove: [] });
    }
    expect(page.phase()).toBe("open");
    vi.advanceTimersByTime(1_000);
    expect(page.phase()).toBe("waiting");
  });

  it("is waited for no longer when it has come", () => {
    const page = start();
    latest().say(snapshot);
    page.socket.ask();
    vi.advanceTimersByTime(2_000);
    latest().say(snapshot);
    vi.advanceTimersByTime(5_000);
    expect(page.phase()).toBe("open");
  });
});

describe("waking up", () => {
  it("tries at once instead of waiting", () => {
    const page = start();
    latest().drop();
    page.socket.wake();
    expect(sockets()).toBe(2);
    expect(page.phase()).toBe("connecting");
    vi.advanceTimersByTime(1_000);
    expect(sockets()).toBe(2);
  });

  it("makes sure that an open connection is alive", () => {
    const page = start();
    latest().say(snapshot);
    page.socket.wake();
    expect(latest().sent).toEqual(['{"type":"snapshot"}']);
    vi.advanceTimersByTime(2_000);
    expect(page.phase()).toBe("waiting");
  });
});

it("closed for good stays closed", () => {
  const page = start();
  latest().drop();
  page.socket.close();
  page.socket.wake();
  vi.advanceTimersByTime(60_000);
  expect(sockets()).toBe(1);
});

it.each([
  ["http://127.0.0.1:8080/", "ws://127.0.0.1:8080/api/v1/ws?compress=deflate"],
  ["https://tv.example.org/warden/#/cameras", "wss://tv.example.org/warden/api/v1/ws?compress=deflate"],
])("the WebSocket of %s is %s", (page, url) => expect(socketUrl(page)).toBe(url));

describe("long messages", () => {
  const deflated = (message: unknown): ArrayBuffer => new Uint8Array(deflateSync(JSON.stringify(message))).buffer;
  beforeEach(() => vi.useRealTimers());

  it("are inflated, and what comes behind one waits for it", async () => {
    const page = start();
    const delta = { type: "delta", seq: 2 };
    latest().onmessage?.({ data: deflated(snapshot) });
    latest().say(delta);
    latest().onmessage?.({ data: deflated({ type: "delta", seq: 3, upsert: "x".repeat(100_000) }) });
    latest().say({ type: "delta", seq: 4 });
    await vi.waitFor(() => expect(page.messages).toHaveLength(4));
    expect(page.messages.map((message) => (message as { seq: number }).seq)).toEqual([1, 2, 3, 4]);
    latest().say({ type: "delta", seq: 5 });
    expect(page.messages, "text is heard at once again").toHaveLength(5);
    page.socket.close();
  });

  it("that cannot be inflated end the connection", async () => {
    const page = start();
    latest().say(snapshot);
    latest().onmessage?.({ data: new Uint8Array([1, 2, 3]).buffer });
    await vi.waitFor(() => expect(page.phase()).toBe("waiting"));
    page.socket.close();
  });

  it("of a socket that was let go are not heard", async () => {
    const page = start();
    const first = latest();
    first.say(snapshot);
    const late = first.onmessage;
    first.drop();
    late?.({ data: deflated({ type: "delta", seq: 9 }) });
    page.socket.wake();
    latest().onmessage?.({ data: deflated(snapshot) });
    await vi.waitFor(() => expect(page.messages).toHaveLength(2));
    expect(page.messages).toEqual([snapshot, snapshot]);
    page.socket.close();
  });
});

describe("while nobody is logged in", () => {
  it("connects when it is let, rests without a try, and goes on", () => {
    const connections: Connection[] = [];
    const socket = new LiveSocket({
      url: "ws://host/api/v1/ws",
      waits: true,
      create: (url) => new FakeSocket(url) as unknown as WebSocket,
      onMessage: () => undefined,
      onConnection: (connection) => connections.push(connection),
    });
    const phase = () => connections[connections.length - 1]?.phase;
    socket.wake();
    vi.advanceTimersByTime(60_000);
    expect(sockets()).toBe(0);
    socket.go();
    latest().open();
    latest().say(snapshot);
    expect(phase()).toBe("open");
    socket.rest();
    expect([phase(), latest().closed]).toEqual(["waiting", true]);
    socket.wake();
    vi.advanceTimersByTime(60_000);
    expect(sockets()).toBe(1);
    socket.go();
    expect(sockets()).toBe(2);
  });
});
