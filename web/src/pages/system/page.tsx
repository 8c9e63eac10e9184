// What runs in this process: the services it depends on and the tree of its actors, with their states and restarts.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { api, sentence } from "../../api";
import { ViewOnly } from "../../components/access";
import { Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Fact } from "../../components/fact";
import { Sign } from "../../components/icons";
import { usePolled } from "../../components/polled";
import { Search } from "../../components/search";
import { useTitle } from "../../components/title";
import { capital, dateTime, duration, plural } from "../../format";
import { mayChange } from "../../login";
import { model, stale } from "../../model";
import { href } from "../../router";
import type { Actor } from "../../types";
import { lookOf } from "../../words/states";
import { Nodes } from "./nodes";
import { actorLook, countActors, keepActors, stateWords } from "./actors";
import { Audit } from "./audit";
import { Sessions } from "./sessions";
import { Settings } from "./settings";
import { Tokens } from "./tokens";
import { Users } from "./users";

const EVERY = 5_000;

/** Parts of the page; all but the first are for operators. */
const parts = {
  actors: { label: "Actors", show: Actors },
  users: { label: "Users", show: Users },
  tokens: { label: "Tokens", show: Tokens },
  sessions: { label: "Sessions", show: Sessions },
  audit: { label: "Audit log", show: Audit },
  settings: { label: "Settings", show: Settings },
} as const;

export function SystemPage(): VNode {
  useTitle("System");
  const asked = query.value.get("part") ?? "";
  const part = mayChange.value && asked in parts ? (asked as keyof typeof parts) : "actors";
  const Shown = parts[part].show;
  return (
    <section class="page" aria-labelledby="system-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <h1 id="system-title">System</h1>
      </div>
      {mayChange.value ? (
        <nav class="parts" aria-label="Parts of the system">
          {Object.entries(parts).map(([key, { label }]) => (
            <a key={key} href={key === "actors" ? href({ page: "system" }) : `${href({ page: "system" })}?part=${key}`} aria-current={key === part ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      ) : (
        <ViewOnly />
      )}
      <Shown />
    </section>
  );
}

function Actors(): VNode {
  const { state } = usePolled("tree", EVERY, (signal) => api.tree(signal));
  const { answer, fault } = state.value;
  const filter = query.value.get("q") ?? "";
  const kept = answer === null ? null : keepActors(answer, filter);
  const counts = answer === null ? null : countActors(answer);
  return (
    <>
      <p class="lead">{counts === null ? "" : `${plural(counts.all, "actor")}, ${counts.all - counts.running} not running, ${plural(counts.restarts, "restart")}`}</p>
      <Process />
      <Nodes />
      <div class="tools">
        <Search label="Filter actors" value={filter} change={(words) => writeQuery({ q: words })} />
      </div>
      <div class="panel actors">
        {fault === null ? null : (
          <p class="form-fault" role="alert">
            The tree cannot be read: {sentence(fault)}
          </p>
        )}
        {answer === null && fault === null ? <Skeleton label="Loading the tree" /> : null}
        {answer !== null && kept === null ? <p class="note">No actor matches.</p> : null}
        {kept === null ? null : (
          <ul class="tree" aria-label="Actors">
            <Branch actor={kept} depth={0} all={filter !== ""} />
          </ul>
        )}
      </div>
    </>
  );
}

function Process(): VNode | null {
  const { status } = model.value;
  if (status === null) return null;
  return (
    <div class="panel process">
      <dl class="facts">
        <Fact title="Version" value={status.version} />
        <Fact title="Node" value={status.node} />
        <Fact title="Roles" value={status.roles.join(", ")} />
        <Fact title="Up since" value={dateTime(status.startedAt)} />
      </dl>
      <table class="segments">
        <caption class="unseen">Services</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">State</th>
            <th scope="col">Detail</th>
          </tr>
        </thead>
        <tbody>
          {status.services.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>
                <span class="badge" data-tone={one.ok ? "good" : "bad"}>
                  <Sign kind={one.ok ? "good" : "bad"} />
                  <span>{one.ok ? "Up" : "Down"}</span>
                </span>
              </td>
              <td>{one.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Branches are open down to the second level, and where a filter has found something. */
function Branch({ actor, depth, all }: { actor: Actor; depth: number; all: boolean }): VNode {
  const { children } = actor;
  if (children.length === 0) {
    return (
      <li>
        <Line actor={actor} />
      </li>
    );
  }
  return (
    <li>
      <details open={depth < 2 || all}>
        <summary>
          <Line actor={actor} />
        </summary>
        <ul>
          {children.map((one) => (
            <Branch key={`${one.kind} ${one.name}`} actor={one} depth={depth + 1} all={all} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Line({ actor }: { actor: Actor }): VNode {
  const { name, kind, health, restarts, lastExit, uptimeSeconds, children, state } = actor;
  const look = lookOf(actorLook, health);
  const words = stateWords(state);
  return (
    <span class="actor" data-health={health}>
      <span class="badge" data-tone={look.tone}>
        <Sign kind={look.sign} />
        <span>{look.words}</span>
      </span>
      <b>{name}</b>
      {kind === name ? null : <span class="kind">{kind}</span>}
      <small>
        {`for ${duration(uptimeSeconds * 1000)}`}
        {restarts > 0 ? `, ${plural(restarts, "restart")}` : ""}
        {children.length > 0 ? `, ${plural(children.length, "child", "children")}` : ""}
      </small>
      {words === "" ? null : <small class="says">{words}</small>}
      {lastExit === null ? null : <small class="reason">Last ended: {capital(lastExit)}</small>}
    </span>
  );
}
