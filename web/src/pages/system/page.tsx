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
import { capital, dateTime, duration } from "../../format";
import { mayChange } from "../../login";
import { model, stale } from "../../model";
import { href } from "../../router";
import type { Actor } from "../../types";
import { lookOf } from "../../words/states";
import { m } from "../../words/language";
import { Nodes } from "./nodes";
import { actorLook, countActors, keepActors, stateWords } from "./actors";
import { Audit } from "./audit";
import { Receivers } from "./receivers";
import { Servers } from "./servers";
import { Sessions } from "./sessions";
import { Settings } from "./settings";
import { Tokens } from "./tokens";
import { Users } from "./users";

const EVERY = 5_000;

/** Parts of the page; all but the first are for operators. */
const parts = { actors: Actors, users: Users, tokens: Tokens, sessions: Sessions, receivers: Receivers, audit: Audit, settings: Settings } as const;

export function SystemPage(): VNode {
  useTitle(m.system.title);
  const asked = query.value.get("part") ?? "";
  const part = mayChange.value && asked in parts ? (asked as keyof typeof parts) : "actors";
  const Shown = parts[part];
  return (
    <section class="page" aria-labelledby="system-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <h1 id="system-title">{m.system.title}</h1>
      </div>
      {mayChange.value ? (
        <nav class="parts" aria-label={m.system.partsLabel}>
          {Object.entries(m.system.parts).map(([key, label]) => (
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
      <p class="lead">{counts === null ? "" : m.system.counts(counts.all, counts.all - counts.running, counts.restarts)}</p>
      <Process />
      <Servers />
      <Nodes />
      <div class="tools">
        <Search label={m.system.filter} value={filter} change={(words) => writeQuery({ q: words })} />
      </div>
      <div class="panel actors">
        {fault === null ? null : (
          <p class="form-fault" role="alert">
            {m.system.unreadable(sentence(fault))}
          </p>
        )}
        {answer === null && fault === null ? <Skeleton label={m.system.loading} /> : null}
        {answer !== null && kept === null ? <p class="note">{m.system.noMatch}</p> : null}
        {kept === null ? null : (
          <ul class="tree" aria-label={m.system.parts.actors}>
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
        <Fact title={m.system.version} value={status.version} />
        <Fact title={m.system.node} value={status.node} />
        <Fact title={m.system.roles} value={status.roles.join(", ")} />
        <Fact title={m.system.upSince} value={dateTime(status.startedAt)} />
      </dl>
      <table class="segments">
        <caption class="unseen">{m.system.services}</caption>
        <thead>
          <tr>
            <th scope="col">{m.system.service}</th>
            <th scope="col">{m.system.state}</th>
            <th scope="col">{m.system.detail}</th>
          </tr>
        </thead>
        <tbody>
          {status.services.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>
                <span class="badge" data-tone={one.ok ? "good" : "bad"}>
                  <Sign kind={one.ok ? "good" : "bad"} />
                  <span>{one.ok ? m.system.up : m.system.down}</span>
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
        {m.overview.lasting(duration(uptimeSeconds * 1000))}
        {restarts > 0 ? `, ${m.system.restarts(restarts)}` : ""}
        {children.length > 0 ? `, ${m.system.children(children.length)}` : ""}
      </small>
      {words === "" ? null : <small class="says">{words}</small>}
      {lastExit === null ? null : <small class="reason">{m.system.lastEnded(capital(lastExit))}</small>}
    </span>
  );
}
