// What is wrong now, the worst first: servers that do not answer, streams that should be live and are not, recordings that
// stand still, and every other incident that lasts, whatever it is about. Cameras of one host that are down together are one
// entry. Pure.

import { excused } from "../../excused";
import { streamKey, type LiveState } from "../../store";
import { isStarting, lineSince, linesOf, reasonOf, type StreamLine } from "../../stream_lines";
import type { Incident, ServerStatus } from "../../types";

export type Problem =
  | { kind: "server"; key: string; server: ServerStatus; since: string; streams: number }
  | { kind: "stream"; key: string; line: StreamLine; since: string }
  | { kind: "host"; key: string; host: string; lines: readonly StreamLine[]; all: number; since: string }
  | { kind: "recording"; key: string; line: StreamLine; since: string }
  | { kind: "incident"; key: string; incident: Incident; since: string };

/** So many cameras of one host that are down are one problem, not several. */
const TOGETHER = 3;

function isDown({ stream, camera, excused }: StreamLine): boolean {
  if (excused) return false;
  if (stream.state === "stalled") return true;
  return stream.state === "offline" && (camera === null || !isStarting(camera));
}

function newestFirst(a: Problem, b: Problem): number {
  return Date.parse(b.since) - Date.parse(a.since);
}

const earliest = (lines: readonly StreamLine[]) => lines.map(lineSince).reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));

const made = new WeakMap<LiveState, readonly Problem[]>();

export function problemsOf(live: LiveState): readonly Problem[] {
  const known = made.get(live);
  if (known !== undefined) return known;
  const seen = [...servers(live), ...streams(live), ...recordings(live)];
  const told = incidents(live, seen);
  // Parts of ours and hosts concern many streams at once.
  const many = told.filter(({ incident: { subject } }) => subject.type !== "camera" && subject.type !== "stream");
  const rest = told.filter((one) => !many.includes(one));
  const [down, others] = [seen.filter((one) => one.kind === "server"), seen.filter((one) => one.kind !== "server")];
  const problems = [...down, ...many, ...others, ...rest];
  made.set(live, problems);
  return problems;
}

function servers(live: LiveState): Problem[] {
  return [...live.servers.values()]
    .filter((server) => !server.reachable)
    .map((server): Problem => {
      const hit = [...live.streams.values()].filter((one) => one.server === server.name).length;
      return { kind: "server", key: `server ${server.name}`, server, since: server.since, streams: hit };
    })
    .sort(newestFirst);
}

function streams(live: LiveState): Problem[] {
  const lines = linesOf(live);
  const down = lines.filter(isDown);
  const hosts = new Map<string, StreamLine[]>();
  for (const line of down) {
    const host = line.camera?.host ?? null;
    if (host !== null) hosts.set(host, [...(hosts.get(host) ?? []), line]);
  }
  const together = [...hosts].filter(([, members]) => members.length >= TOGETHER);
  const covered = new Set(together.flatMap(([, members]) => members));
  const ofHosts = together.map(([host, members]): Problem => {
    const all = lines.filter((line) => line.camera?.host === host).length;
    return { kind: "host", key: `host ${host}`, host, lines: members, all, since: earliest(members) };
  });
  const single = down.filter((line) => !covered.has(line)).map((line): Problem => ({ kind: "stream", key: `stream ${line.stream.server}\0${line.stream.name}`, line, since: lineSince(line) }));
  const offline = single.filter((one) => one.kind === "stream" && one.line.stream.state === "offline");
  const stalled = single.filter((one) => one.kind === "stream" && one.line.stream.state === "stalled");
  return [ofHosts, offline, stalled].flatMap((some) => some.sort(newestFirst));
}

function recordings(live: LiveState): Problem[] {
  return linesOf(live)
    .filter(({ recording }) => recording?.state === "paused")
    .map((line): Problem => ({ kind: "recording", key: `recording ${line.stream.server}\0${line.stream.name}`, line, since: line.recording?.since ?? line.stream.since }))
    .sort(newestFirst);
}

type Told = Problem & { kind: "incident" };

/** Incidents that last and that no other problem tells of. What the feed knows better is left out: it hears of it earlier. */
function incidents(live: LiveState, seen: readonly Problem[]): Told[] {
  const linesOfProblem = (one: Problem) => (one.kind === "host" ? one.lines : "line" in one ? [one.line] : []);
  const lines = new Set(seen.flatMap(linesOfProblem).map(({ stream }) => streamKey(stream.server, stream.name)));
  const unreachable = new Set(seen.flatMap((one) => (one.kind === "server" ? [one.server.name] : [])));
  const away = excused(live);
  const isKnown = (server: string, name: string) => {
    const key = streamKey(server, name);
    return lines.has(key) || unreachable.has(server) || away.has(key);
  };
  const isNews = ({ closedAt, subject }: Incident): boolean => {
    if (closedAt !== null && closedAt !== undefined) return false;
    if (subject.type === "server") return live.servers.get(subject.name)?.reachable !== true && !unreachable.has(subject.name);
    if (subject.type === "stream") return !isKnown(subject.server, subject.name);
    if (subject.type !== "camera") return true;
    const camera = live.cameras.get(subject.id);
    if (camera === undefined || !camera.enabled || camera.state === "running" || isStarting(camera)) return false;
    return !isKnown(camera.server, camera.path);
  };
  return [...live.incidents.values()]
    .filter(isNews)
    .map((incident): Told => ({ kind: "incident", key: `incident ${incident.id}`, incident, since: incident.openedAt }))
    .sort(newestFirst);
}

/** Why, in the words of whoever knows best. */
export function causeOf(problem: Problem): string {
  if (problem.kind === "server") return problem.server.reason ?? "";
  if (problem.kind === "incident") return problem.incident.cause;
  if (problem.kind === "recording") return problem.line.recording?.reason ?? "";
  if (problem.kind === "stream") return reasonOf(problem.line);
  const [first] = problem.lines;
  return first === undefined ? "" : reasonOf(first);
}
