// What is wrong now, the worst first: servers and services that do not answer, streams of cameras that are not live, recordings
// that stand still, and every other incident that lasts, whatever it is about, by how bad it is. Cameras of one host that are
// down together are one entry. A stream that is no camera may come and go, as for `streamwarden status`. Pure.

import { excused } from "../../excused";
import { streamKey, type LiveState } from "../../store";
import { isDark, isStarting, lineSince, linesOf, reasonOf, type StreamLine } from "../../stream_lines";
import type { Incident, ServerStatus, Verdict } from "../../types";

interface Root {
  /** What else is wrong because of it, by name. */
  follow?: readonly string[];
  /** Where its fault lies, where others follow from it. */
  verdict?: Verdict;
}

export type Problem = Root & (
  | { kind: "server"; key: string; server: ServerStatus; since: string; streams: number }
  | { kind: "stream"; key: string; line: StreamLine; since: string }
  | { kind: "host"; key: string; host: string; lines: readonly StreamLine[]; all: number; since: string }
  | { kind: "recording"; key: string; line: StreamLine; since: string }
  | { kind: "incident"; key: string; incident: Incident; since: string }
);

/** So many cameras of one host that are down are one problem, not several. */
const TOGETHER = 3;

/** Kinds of incidents that are as bad as a camera that is down, and those that are only worth knowing: `domain/notify/severity.rs`. */
const CRITICAL = ["cameraDown", "cameraStalled", "serverDown", "serviceDown", "recordingPaused", "encoderStalled", "ingestDown"];
const INFO = ["sourceReplaced", "tracksChanged", "readersGone", "counterReset", "encoderChanged"];

/** The smaller, the earlier. A server or a part of ours hides or stops many streams; then come cameras. */
function rank(one: Problem): number {
  if (one.kind === "server") return 0;
  if (one.kind !== "incident") return 2;
  const { kind } = one.incident;
  if (kind === "serviceDown") return 1;
  return CRITICAL.includes(kind) ? 3 : INFO.includes(kind) ? 5 : 4;
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
  const all: Problem[] = [...seen, ...incidents(live, seen)];
  const problems = folded(live, all.sort((a, b) => rank(a) - rank(b)));
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
  const down = lines.filter(isDark);
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

type IncidentProblem = Problem & { kind: "incident" };

/** Incidents that last and that no other problem tells of. What the feed knows better is left out: it hears of it earlier. */
function incidents(live: LiveState, seen: readonly Problem[]): IncidentProblem[] {
  const linesOfProblem = (one: Problem) => (one.kind === "host" ? one.lines : "line" in one ? [one.line] : []);
  const lines = new Set(seen.flatMap(linesOfProblem).map(({ stream }) => streamKey(stream.server, stream.name)));
  const unreachable = new Set(seen.flatMap((one) => (one.kind === "server" ? [one.server.name] : [])));
  const away = excused(live);
  const isKnown = (server: string, name: string) => {
    const key = streamKey(server, name);
    return lines.has(key) || unreachable.has(server) || away.has(key);
  };
  const isNew = ({ closedAt, subject }: Incident): boolean => {
    if (closedAt !== null && closedAt !== undefined) return false;
    if (subject.type === "server") return live.servers.get(subject.name)?.reachable !== true && !unreachable.has(subject.name);
    if (subject.type === "stream") return !isKnown(subject.server, subject.name);
    if (subject.type !== "camera") return true;
    const camera = live.cameras.get(subject.id);
    if (camera === undefined || !camera.enabled || camera.state === "running" || isStarting(camera)) return false;
    return !isKnown(camera.server, camera.path);
  };
  return [...live.incidents.values()]
    .filter(isNew)
    .map((incident): IncidentProblem => ({ kind: "incident", key: `incident ${incident.id}`, incident, since: incident.openedAt }))
    .sort(newestFirst);
}

/** What follows from another problem is told with that one alone: a media server, a switch. */
function folded(live: LiveState, problems: readonly Problem[]): readonly Problem[] {
  const open = [...live.incidents.values()].filter(({ closedAt }) => (closedAt ?? null) === null);
  if (!open.some(({ verdict }) => (verdict?.root ?? null) !== null)) return problems;
  const about = new Map<string, Incident[]>();
  for (const one of open) about.set(subjectKey(one), [...(about.get(subjectKey(one)) ?? []), one]);
  const of = (problem: Problem): readonly Incident[] => keysOf(problem).flatMap((key) => about.get(key) ?? []);
  const places = new Map(problems.flatMap((problem) => of(problem).map((one) => [one.id, problem] as const)));
  const follow = new Map<Problem, string[]>();
  const roots = problems.filter((problem) => {
    const judged = of(problem).filter(({ verdict }) => verdict !== null && verdict !== undefined);
    // Of several of one host, or of one camera, all have to follow from the same.
    const above = new Set(judged.map((one) => (one.verdict?.root ?? null) === null ? problem : (places.get(one.verdict?.root ?? "") ?? problem)));
    const [root] = above;
    if (root === undefined || root === problem || above.size > 1) return true;
    const names = problem.kind === "host" ? problem.lines.map((line) => line.stream.name) : [nameOf(problem)];
    follow.set(root, [...(follow.get(root) ?? []), ...names]);
    return false;
  });
  return roots.map((problem) => {
    const names = follow.get(problem);
    if (names === undefined) return problem;
    const verdict = of(problem).find((one) => one.verdict !== null && one.verdict !== undefined && (one.verdict.root ?? null) === null)?.verdict ?? null;
    return { ...problem, follow: names, ...(verdict === null ? {} : { verdict }) };
  });
}

function subjectKey({ subject }: Incident): string {
  if (subject.type === "camera") return `camera ${subject.id}`;
  return subject.type === "stream" ? `stream ${streamKey(subject.server, subject.name)}` : `${subject.type} ${subject.name}${subject.type === "disk" ? ` ${subject.host}` : ""}`;
}

/** Whom a problem is about, as incidents name them. */
function keysOf(problem: Problem): string[] {
  const ofLine = ({ camera, stream }: StreamLine) => [...(camera === null ? [] : [`camera ${camera.id}`]), `stream ${streamKey(stream.server, stream.name)}`];
  switch (problem.kind) {
    case "server":
      return [`server ${problem.server.name}`];
    case "host":
      return problem.lines.flatMap(ofLine);
    case "incident":
      return [subjectKey(problem.incident)];
    default:
      return ofLine(problem.line);
  }
}

function nameOf(problem: Problem): string {
  if (problem.kind === "server") return problem.server.name;
  if (problem.kind === "host") return problem.host;
  return problem.kind === "incident" ? problem.incident.subject.name : problem.line.stream.name;
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
