// The REST side: one function per route, errors as `Problem` with the server's own sentence. No state, no DOM.

import type {
  CameraEdit,
  CameraKind,
  CameraStatus,
  Page,
  RecordingSession,
  RecordingSummary,
  Sample,
  Segment,
  Status,
} from "./types";

/** An answer that is not a success, in the server's words (RFC 9457) or in ours when it had none. */
export class Problem extends Error {
  readonly status: number;
  readonly field: string | null;

  constructor(status: number, message: string, field: string | null = null) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.field = field;
  }
}

/** Any failure as a sentence for people. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Query = Record<string, string | number | null | undefined>;

/** Address of a route, relative to the page, so that a prefix of a reverse proxy is kept. */
export function address(route: string, query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return `api/v1/${route}${parts.length > 0 ? `?${parts.join("&")}` : ""}`;
}

/** The sentence without the field's name in front: it is shown beside the field. */
export function plain(words: string, field: string | null): string {
  return field !== null && words.startsWith(`${field}: `) ? words.slice(field.length + 2) : words;
}

export async function problem(response: Response): Promise<Problem> {
  const fallback = `The server answered ${response.status} ${response.statusText}`.trim();
  try {
    const body = (await response.json()) as { title?: unknown; detail?: unknown; field?: unknown };
    const words = [body.detail, body.title].find((word) => typeof word === "string" && word !== "");
    const field = typeof body.field === "string" ? body.field : null;
    return new Problem(response.status, plain(typeof words === "string" ? words : fallback, field), field);
  } catch {
    return new Problem(response.status, fallback);
  }
}

let skew = 0;

/** Now by the server's clock: a wrong clock in the browser must not make "since" wrong. */
export function serverNow(): number {
  return Date.now() + skew;
}

function learnSkew(response: Response): void {
  const at = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(at)) return;
  const found = at + 500 - Date.now();
  // The header counts whole seconds; a smaller difference says nothing.
  skew = Math.abs(found) < 2_000 ? 0 : found;
}

async function call<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "Streamwarden does not answer. Is it running, and is the network up?");
  }
  learnSkew(response);
  if (!response.ok) throw await problem(response);
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as T;
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const part = encodeURIComponent;

export const api = {
  status: (signal?: AbortSignal) => call<Status>("GET", address("status"), undefined, signal),

  history: (server: string, name: string, query: { from?: string; to?: string; points?: number }, signal?: AbortSignal) =>
    call<{ items: Sample[] }>("GET", address(`streams/${part(name)}/history`, { server, ...query }), undefined, signal),

  cameras: (signal?: AbortSignal) => call<Page<CameraStatus>>("GET", address("cameras"), undefined, signal),
  cameraKinds: () => call<{ items: CameraKind[] }>("GET", address("camera-kinds")),
  addCamera: (edit: CameraEdit) => call<CameraStatus>("POST", address("cameras"), edit),
  editCamera: (id: number, edit: CameraEdit) => call<CameraStatus>("PATCH", address(`cameras/${id}`), edit),
  deleteCamera: (id: number) => call<void>("DELETE", address(`cameras/${id}`)),
  restartCamera: (id: number) => call<void>("POST", address(`cameras/${id}/restart`)),

  recordings: (signal?: AbortSignal) => call<{ items: RecordingSummary[] }>("GET", address("recordings"), undefined, signal),
  sessions: (server: string, stream: string, signal?: AbortSignal) =>
    call<{ items: RecordingSession[] }>("GET", address(`recordings/${part(stream)}/sessions`, { server }), undefined, signal),
  segments: (
    server: string,
    stream: string,
    query: { from?: string; to?: string; after?: string | null; limit?: number },
    signal?: AbortSignal,
  ) =>
    call<Page<Segment>>("GET", address(`recordings/${part(stream)}/segments`, { server, ...query }), undefined, signal),
};

/** Without `to` the playlist grows as long as the stream is recorded. */
export function playlistUrl(server: string, stream: string, from: string, to: string | null): string {
  return address(`recordings/${part(stream)}/playlist.m3u8`, { server, from, to });
}

export function segmentUrl(id: string): string {
  return address(`recordings/segments/${part(id)}`);
}
