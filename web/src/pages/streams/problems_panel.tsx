// The panel above everything: what is down, since when, why, and what can be done about it from here.

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { writeQuery } from "../../address";
import { incidentWords, nextTry, subjectWords, titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { CameraButtons } from "../../components/camera_buttons";
import { Sign } from "../../components/icons";
import { ago, bothTimes, capital } from "../../format";
import { live, now } from "../../model";
import { href } from "../../router";
import type { StreamLine } from "../../stream_lines";
import type { Incident } from "../../types";
import { verdictSentence } from "../../verdict_words";
import { m } from "../../words/language";
import { recordingLook, streamLook } from "../../words/states";
import { causeOf, problemsOf, type Problem } from "./problems";

/** Problems that are shown before one asks for all. */
const FEW = 4;

export function Problems(): VNode | null {
  const [all, showAll] = useState(false);
  const problems = problemsOf(live.value);
  if (problems.length === 0) return null;
  const shown = all ? problems : problems.slice(0, FEW);
  const rest = problems.length - FEW;
  return (
    <section class="panel problems" aria-labelledby="problems-title">
      <h2 id="problems-title">{m.overview.problems}</h2>
      <ul>
        {shown.map((one) => (
          <Entry key={one.key} problem={one} />
        ))}
      </ul>
      {rest <= 0 ? null : (
        <button type="button" class="small quiet" aria-expanded={all} onClick={() => showAll(!all)}>
          {all ? m.overview.fewer : m.overview.more(rest)}
        </button>
      )}
    </section>
  );
}

function Entry({ problem }: { problem: Problem }): VNode {
  switch (problem.kind) {
    case "server": {
      const words = problem.streams === 0 ? "" : m.overview.unknownStreams(problem.streams);
      return (
        <Line problem={problem} tone="bad" head={<b>{m.overview.serverDown(problem.server.name)}</b>} more={words}>
          <a class="button small" href={href({ page: "system" })}>
            {m.overview.system}
          </a>
        </Line>
      );
    }
    case "host":
      return (
        <Line problem={problem} tone="bad" head={<b>{m.overview.ofHost(problem.host, problem.lines.length, problem.all)}</b>} more={problem.lines.map((one) => one.stream.name).join(", ")}>
          <button type="button" class="small" onClick={() => writeQuery({ q: problem.host, state: null })}>
            {m.overview.show}
          </button>
        </Line>
      );
    case "recording":
      return (
        <Line problem={problem} tone="bad" head={<Name line={problem.line} />} badge={<Badge looks={recordingLook} state="paused" />}>
          <a class="button small" href={href({ page: "recording", server: problem.line.stream.server, name: problem.line.stream.name, session: null })}>
            {m.overview.column.recording}
          </a>
        </Line>
      );
    case "incident":
      return (
        <Line problem={problem} tone="bad" head={<Subject incident={problem.incident} />} badge={<IncidentBadge kind={problem.incident.kind} />}>
          <a class="button small" href={href({ page: "incidents" })}>
            {m.shell.nav["incidents"]}
          </a>
        </Line>
      );
    case "stream":
      return <StreamEntry problem={problem} />;
  }
}

function StreamEntry({ problem }: { problem: Problem & { kind: "stream" } }): VNode {
  const { stream, camera } = problem.line;
  const next = camera === null ? null : nextTry(camera, now.value);
  return (
    <Line
      problem={problem}
      tone={stream.state === "stalled" ? "warn" : "bad"}
      head={<Name line={problem.line} />}
      badge={<Badge looks={streamLook} state={stream.state} />}
      next={next}
    >
      {camera === null ? null : <CameraButtons camera={camera} />}
    </Line>
  );
}

function IncidentBadge({ kind }: { kind: string }): VNode {
  return (
    <span class="badge" data-tone="bad">
      <Sign kind="bad" />
      <span>{incidentWords(kind)}</span>
    </span>
  );
}

/** Whom it happened to, with a way there. */
function Subject({ incident }: { incident: Incident }): VNode {
  const { subject } = incident;
  const words = subjectWords(incident);
  const to = ((): string | null => {
    switch (subject.type) {
      case "camera":
        return href({ page: "camera", id: subject.id });
      case "stream":
        return href({ page: "stream", server: subject.server, name: subject.name });
      case "host":
        return href({ page: "host", name: subject.name });
      case "disk":
        return href({ page: "host", name: subject.host });
      case "target":
      case "encoder":
      case "platform":
      case "liveEvent":
        return href({ page: "health" });
      default:
        return null;
    }
  })();
  return to === null ? <b>{words}</b> : <a class="what" href={to}>{words}</a>;
}

function Name({ line }: { line: StreamLine }): VNode {
  const { server, name } = line.stream;
  return (
    <a class="what" href={href({ page: "stream", server, name })}>
      {line.camera === null ? name : titleOf(line.camera)}
    </a>
  );
}

/** So many are named; the page of the incidents has all. */
const NAMED = 100;

function Follow({ names }: { names: readonly string[] }): VNode | null {
  if (names.length === 0) return null;
  return (
    <details class="follows">
      <summary>{m.overview.follow(names.length)}</summary>
      <p class="more">
        {names.slice(0, NAMED).join(", ")}
        {names.length > NAMED ? " …" : ""}
      </p>
    </details>
  );
}

interface LineProps {
  problem: Problem;
  tone: "bad" | "warn";
  head: VNode;
  badge?: VNode;
  more?: string;
  next?: string | null;
  children: ComponentChildren;
}

function Line({ problem, tone, head, badge, more = "", next = null, children }: LineProps): VNode {
  const cause = problem.verdict === undefined ? causeOf(problem) : verdictSentence(problem.verdict);
  return (
    <li data-tone={tone} data-kind={problem.kind}>
      <div class="said">
        <p class="line">
          {badge ?? <Sign kind={tone} />}
          {head}
          <small title={m.overview.since(bothTimes(problem.since))}>{m.overview.lasting(ago(problem.since, now.value))}</small>
          {next === null ? null : <small class="next">{next}</small>}
        </p>
        {cause === "" ? null : <p class="cause">{capital(cause)}</p>}
        {more === "" ? null : <p class="more">{more}</p>}
        <Follow names={problem.follow ?? []} />
      </div>
      <div class="buttons">{children}</div>
    </li>
  );
}
