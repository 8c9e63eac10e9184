// The REST side: one function per route, errors as `Problem` with the server's own sentence. No state, no DOM.

import { hearSample } from "./sample_past";
import type {
  Actor,
  Anomaly,
  AuditEntry,
  CameraEdit,
  CameraKind,
  CameraSettings,
  CameraStatus,
  Encoder,
  ConfigSetting,
  Gap,
  HostPoint,
  HostStatus,
  ImportResult,
  Incident,
  LogRun,
  LoginSession,
  Maintenance,
  MetricPoint,
  NetworkProbe,
  NewToken,
  NodeItem,
  OpenSession,
  Receiver,
  Page,
  PlanView,
  Platform,
  Probe,
  RecordingLock,
  RecordingSession,
  RecordingSummary,
  Sample,
  Segment,
  Status,
  StreamProbe,
  StreamCompleteness,
  StreamSessions,
  StreamStatus,
  Token,
  User,
  UserRole,
} from "./types";
import { m } from "./words/language";

/** An answer that is not a success, in the server's words (RFC 9457) or in ours when it had none. */
export class Problem extends Error {
  readonly status: number;
  readonly field: string | null;
  /** Seconds after which it may be tried again, when the server says so. */
  readonly retryAfter: number | null;

  constructor(status: number, message: string, field: string | null = null, retryAfter: number | null = null) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

/** Any failure as a sentence for people. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The server is of a version that lacks this route; a camera that is not there is another matter. */
export function noRoute(error: unknown): boolean {
  return error instanceof Problem && (error.status === 405 || (error.status === 404 && /no such route/.test(error.message)));
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
  const fallback = m.server.answered(`${response.status} ${response.statusText}`.trim());
  try {
    const body = (await response.json()) as { title?: unknown; detail?: unknown; field?: unknown };
    const words = [body.detail, body.title].find((word) => typeof word === "string" && word !== "");
    const field = typeof body.field === "string" ? body.field : null;
    const after = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    return new Problem(response.status, plain(typeof words === "string" ? words : fallback, field), field, Number.isNaN(after) ? null : after);
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

/** What logging in decides about requests; see `login.ts`. */
export const access = {
  /** Nobody is logged in: everything would be refused, and nothing is asked. */
  closed: false,
  /** A request was refused with 401 or 403. */
  refused: (_status: number): void => undefined,
};

interface Request {
  /** May be asked by anybody: its answer says nothing of this session. */
  open?: boolean;
  /** Sent as JSON, text as it is. */
  body?: unknown;
  type?: string;
  /** Version of what is changed: `If-Match`. */
  match?: string | null | undefined;
  signal?: AbortSignal | undefined;
  /** How long an answer is waited for, ms. */
  limit?: number | undefined;
}

/** Limits of reading and of writing, and of what the server itself waits for: a look at a camera, an import. */
const READ_LIMIT = 8_000;
const WRITE_LIMIT = 15_000;
const LONG_LIMIT = 90_000;

/** Why there was no answer; what the caller has stopped itself stays that. */
function unanswered(error: unknown, method: string, limit: number): unknown {
  if (error instanceof Problem || (error instanceof DOMException && error.name === "AbortError")) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const late = m.server.late(limit / 1000);
    return new Problem(0, method === "GET" ? m.server.lateReading(late) : m.server.lateWriting(late));
  }
  return new Problem(0, m.server.silent);
}

async function send(method: string, url: string, { body, type = "application/json", match, signal, limit: given, open = false }: Request): Promise<Response> {
  if (access.closed && !open) throw new Problem(401, m.server.logIn);
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = type;
  if (match !== undefined && match !== null) headers["if-match"] = match;
  const limit = given ?? (method === "GET" ? READ_LIMIT : WRITE_LIMIT);
  const ended = AbortSignal.timeout(limit);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
    });
  } catch (error) {
    throw unanswered(error, method, limit);
  }
  learnSkew(response);
  if (!open && (response.status === 401 || response.status === 403)) access.refused(response.status);
  return response;
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as T;
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

async function call<T>(method: string, url: string, body?: unknown, signal?: AbortSignal, match?: string | null, limit?: number): Promise<T> {
  const response = await send(method, url, { body, signal, match, limit });
  if (!response.ok) throw await problem(response);
  return read<T>(response);
}

/** What anybody may ask. */
async function openCall<T>(method: string, url: string, body?: unknown): Promise<T> {
  const response = await send(method, url, { body, open: true });
  if (!response.ok) throw await problem(response);
  return read<T>(response);
}

/** With the version of what came. */
async function versioned(url: string, signal?: AbortSignal): Promise<{ settings: CameraSettings; tag: string | null }> {
  const response = await send("GET", url, { signal });
  if (!response.ok) throw await problem(response);
  return { settings: await read<CameraSettings>(response), tag: response.headers.get("etag") };
}

/** A table with faults is no failure of the request: its answer tells them by line. */
async function importCsv(csv: string, dryRun: boolean): Promise<ImportResult> {
  const url = address("cameras/import", { dryRun: dryRun ? "true" : null });
  const response = await send("POST", url, { body: csv, type: "text/csv", limit: LONG_LIMIT });
  const copy = response.clone();
  if (response.status === 422) {
    const body = (await response.json().catch(() => null)) as Partial<ImportResult> | null;
    if (Array.isArray(body?.faults)) return { added: 0, changed: 0, unchanged: 0, ...body } as ImportResult;
  }
  if (!copy.ok) throw await problem(copy);
  return read<ImportResult>(copy);
}

const part = encodeURIComponent;

function maintenanceAddress(subject: { camera: number } | { server: string; name: string }): string {
  return "camera" in subject ? address(`cameras/${subject.camera}/maintenance`) : address(`streams/${part(subject.name)}/maintenance`, { server: subject.server });
}

/** A history; that a part of it is made up is heard from each. */
async function past<T>(route: string, query: Parameters<typeof address>[1], signal?: AbortSignal): Promise<{ items: T[]; gaps: readonly Gap[] }> {
  return hearSample(await call<{ items: T[]; gaps: readonly Gap[]; sampleUntil?: string | null }>("GET", address(route, query), undefined, signal));
}

/** The newest picture of a stream as a `data:` address. */
async function thumbnail(server: string, name: string): Promise<string> {
  const response = await send("GET", address(`streams/${part(name)}/thumbnail`, { server }), {});
  if (!response.ok) throw await problem(response);
  const blob = await response.blob();
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onloadend = () => (typeof reader.result === "string" ? done(reader.result) : failed(new Error(m.server.silent)));
    reader.readAsDataURL(blob);
  });
}

export const api = {
  session: () => openCall<LoginSession>("GET", address("session")),
  logIn: (name: string, password: string) => openCall<LoginSession>("POST", address("login"), { name, password }),
  logOut: () => openCall<void>("POST", address("logout")),
  changePassword: (current: string, next: string) => call<void>("POST", address("password"), { current, new: next }),

  /** Whether this page may open the WebSocket: a refusal of that itself is shown to no script. */
  mayConnect: () => call<void>("POST", address("ws")),

  users: (signal?: AbortSignal) => call<Page<User>>("GET", address("users"), undefined, signal),
  addUser: (name: string, role: UserRole, password: string) => call<User>("POST", address("users"), { name, role, password }),
  editUser: (name: string, edit: { role?: UserRole; password?: string }) => call<User>("PATCH", address(`users/${part(name)}`), edit),
  removeUser: (name: string) => call<void>("DELETE", address(`users/${part(name)}`)),
  tokens: (signal?: AbortSignal) => call<Page<Token>>("GET", address("tokens"), undefined, signal),
  addToken: (token: NewToken) => call<Token & { token: string }>("POST", address("tokens"), token),
  revokeToken: (name: string) => call<void>("DELETE", address(`tokens/${part(name)}`)),
  receivers: (signal?: AbortSignal) => call<Page<Receiver>>("GET", address("receivers"), undefined, signal),
  testReceiver: (name: string) => call<void>("POST", address(`receivers/${part(name)}/test`)),
  loginSessions: (signal?: AbortSignal) => call<Page<OpenSession>>("GET", address("sessions"), undefined, signal),
  endSession: (id: string) => call<void>("DELETE", address(`sessions/${part(id)}`)),
  audit: (query: { who?: string | null; from?: string | null; after?: string | null; limit?: number }, signal?: AbortSignal) =>
    call<Page<AuditEntry>>("GET", address("audit", query), undefined, signal),
  settings: (signal?: AbortSignal) => call<Page<ConfigSetting>>("GET", address("settings"), undefined, signal),

  status: (signal?: AbortSignal) => call<Status>("GET", address("status"), undefined, signal),

  streams: (signal?: AbortSignal) => call<{ items: StreamStatus[] }>("GET", address("streams"), undefined, signal),
  history: (server: string, name: string, query: { from?: string; to?: string; points?: number }, signal?: AbortSignal) =>
    past<Sample>(`streams/${part(name)}/history`, { server, ...query }, signal),

  metrics: (server: string, name: string, query: { from: string; to: string; points: number; metrics: string }, signal?: AbortSignal) =>
    past<MetricPoint>(`streams/${part(name)}/history`, { server, ...query }, signal),
  streamSessions: (server: string, name: string, signal?: AbortSignal) => call<StreamSessions>("GET", address(`streams/${part(name)}/sessions`, { server }), undefined, signal),
  kick: (server: string, name: string, id: string) => call<void>("POST", address(`streams/${part(name)}/sessions/${part(id)}/kick`, { server })),

  thumbnail,

  cameras: (signal?: AbortSignal) => call<Page<CameraStatus>>("GET", address("cameras"), undefined, signal),
  cameraKinds: (signal?: AbortSignal) => call<{ items: CameraKind[] }>("GET", address("camera-kinds"), undefined, signal),
  addCamera: (edit: CameraEdit) => call<CameraStatus>("POST", address("cameras"), edit),
  editCamera: (id: number, edit: CameraEdit, tag: string | null = null) => call<CameraStatus>("PATCH", address(`cameras/${id}`), edit, undefined, tag),
  cameraSettings: (id: number, signal?: AbortSignal) => versioned(address(`cameras/${id}/settings`), signal),
  deleteCamera: (id: number) => call<void>("DELETE", address(`cameras/${id}`)),
  /** Looks at the source of a camera that need not be saved; what `edit` lacks is taken from the camera `id`. */
  probe: (edit: CameraEdit, id: number | null, signal?: AbortSignal) => call<Probe>("POST", address("cameras/probe", { id }), edit, signal, null, LONG_LIMIT),
  probeCamera: (id: number, signal?: AbortSignal) => call<Probe>("POST", address(`cameras/${id}/probe`), undefined, signal, null, LONG_LIMIT),
  keptProbe: (id: number, signal?: AbortSignal) => call<Probe>("GET", address(`cameras/${id}/probe`), undefined, signal),
  cameraLog: (id: number, signal?: AbortSignal) => call<Page<LogRun>>("GET", address(`cameras/${id}/log`), undefined, signal),
  cameraIncidents: (id: number, limit: number, signal?: AbortSignal) => call<Page<Incident>>("GET", address("incidents", { camera: id, limit }), undefined, signal),
  incidents: (query: { camera?: number | null; open?: boolean | null; acknowledged?: boolean | null; kind?: string | null; from?: string | null; to?: string | null; after?: string | null; limit?: number }, signal?: AbortSignal) =>
    call<Page<Incident>>("GET", address("incidents", { ...query, open: query.open === true ? "true" : null, acknowledged: query.acknowledged === false ? "false" : null }), undefined, signal),
  acknowledge: (id: string, note: string | null) => call<Incident>("POST", address(`incidents/${id}/acknowledge`), note === null ? {} : { note }),
  noteIncident: (id: string, note: string) => call<Incident>("POST", address(`incidents/${id}/notes`), { note }),
  /** Those that have begun and are not over. */
  maintenance: (signal?: AbortSignal) => call<Page<Maintenance>>("GET", address("maintenance"), undefined, signal),
  setMaintenance: (subject: { camera: number } | { server: string; name: string }, order: { forSeconds: number; reason: string }) => call<Maintenance>("PUT", maintenanceAddress(subject), order),
  endMaintenance: (subject: Maintenance["subject"]) => {
    const of = subject.type === "camera" ? { camera: subject.id } : { server: "server" in subject ? subject.server : "", name: subject.name };
    return call<void>("DELETE", maintenanceAddress(of));
  },
  nodes: async (signal?: AbortSignal) => (await call<Page<NodeItem>>("GET", address("nodes"), undefined, signal)).items,
  tree: (signal?: AbortSignal) => call<Actor>("GET", address("tree"), undefined, signal),
  cameraPlan: (signal?: AbortSignal) => call<PlanView>("GET", address("cameras/plan"), undefined, signal),
  applyPlan: (id: string) => call<PlanView>("POST", address("cameras/plan/apply"), { id }),
  importCameras: importCsv,
  restartCamera: (id: number) => call<void>("POST", address(`cameras/${id}/restart`)),

  anomalies: (signal?: AbortSignal) => call<{ items: Anomaly[] }>("GET", address("anomalies"), undefined, signal),
  networkProbes: (signal?: AbortSignal) => call<{ items: NetworkProbe[] }>("GET", address("probes/network"), undefined, signal),
  streamProbes: (signal?: AbortSignal) => call<{ items: StreamProbe[] }>("GET", address("probes/streams"), undefined, signal),
  encoders: (signal?: AbortSignal) => call<{ items: Encoder[] }>("GET", address("encoders"), undefined, signal),
  orderEncoder: (name: string, order: "start" | "stop") => call<void>("POST", address(`encoders/${part(name)}/${order}`)),
  platforms: (signal?: AbortSignal) => call<{ items: Platform[] }>("GET", address("platforms"), undefined, signal),
  hosts: (signal?: AbortSignal) => call<{ items: HostStatus[] }>("GET", address("hosts"), undefined, signal),
  hostHistory: (name: string, query: { from: string; to: string; points: number; metrics: string }, signal?: AbortSignal) =>
    past<HostPoint>(`hosts/${part(name)}/history`, query, signal),

  /** How complete the recordings of every stream are since a moment. It may take long. */
  completeness: (query: { from: string }, signal?: AbortSignal) => call<{ items: StreamCompleteness[] }>("GET", address("completeness", query), undefined, signal, null, LONG_LIMIT),
  recordings: (signal?: AbortSignal) => call<{ items: RecordingSummary[] }>("GET", address("recordings"), undefined, signal),
  locks: (signal?: AbortSignal) => call<{ items: RecordingLock[] }>("GET", address("recordings/locks"), undefined, signal),
  lock: (order: { stream: string; from: string; to: string; reason: string }) => call<RecordingLock>("POST", address("recordings/locks"), order),
  unlock: (id: string) => call<void>("DELETE", address(`recordings/locks/${part(id)}`)),
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

export const exportUrl = address("cameras/export");

export function segmentUrl(id: string): string {
  return address(`recordings/segments/${part(id)}`);
}
