// What went wrong, with whom, from when to when, and why: what lasts first. The filter is kept in the address.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { api, sentence } from "../../api";
import { subjectWords, incidentWords, kinds } from "../../camera_words";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { IncidentLine } from "../../components/incident";
import { useIncidents } from "../../components/incident_list";
import { MoreButton, useOlder } from "../../components/older";
import { Search } from "../../components/search";
import { useTitle } from "../../components/title";
import { openRemark } from "../../dialogs/remark";
import { mayChange } from "../../login";
import { zone } from "../../format";
import { live, stale } from "../../model";
import { href } from "../../router";
import type { CameraStatus, Incident, Page } from "../../types";
import { folded, troublesIn } from "../../verdict_words";
import { m } from "../../words/language";

const PAGE = 200;

/** Spans that can be chosen, in hours. */
const spans = [
  { key: "" },
  { key: "1h", hours: 1 },
  { key: "24h", hours: 24 },
  { key: "7d", hours: 168 },
] as const;

export function IncidentsPage(): VNode {
  useTitle(m.incidents.title);
  const [filter, open, kind, span, unseen] = ["q", "open", "kind", "span", "unseen"].map((name) => query.value.get(name) ?? "");
  const hours = spans.find((one) => one.key === span);
  const asked = { open: open === "1", acknowledged: unseen === "1" ? false : null, kind: kind === "" ? null : (kind ?? null), limit: PAGE };
  const from = () => (hours !== undefined && "hours" in hours ? new Date(Date.now() - hours.hours * 3_600_000).toISOString() : null);
  const key = JSON.stringify([asked, span]);
  const { state, refresh } = useIncidents(key, (signal) => api.incidents({ ...asked, from: from() }, signal));
  const { answer, fault } = state.value;
  const words = (filter ?? "").trim().toLowerCase().split(/\s+/);
  const items = (answer?.items ?? []).filter((one) => words.every((word) => `${subjectWords(one)} ${one.cause} ${incidentWords(one.kind)}`.toLowerCase().includes(word)));
  const lasting = items.filter((one) => one.closedAt === null);
  const over = items.filter((one) => one.closedAt !== null);
  return (
    <section class="page" aria-labelledby="incidents-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <div>
          <h1 id="incidents-title">{m.incidents.title}</h1>
          <p class="lead">{answer === null ? "" : m.incidents.lead(troublesIn(lasting), lasting.length, over.length, zone())}</p>
        </div>
      </div>
      <div class="tools">
        <Search label={m.incidents.filter} value={filter ?? ""} change={(text) => writeQuery({ q: text })} />
        <label class="choose">
          {m.incidents.kind}
          <select value={kind ?? ""} onChange={(event) => writeQuery({ kind: event.currentTarget.value })}>
            <option value="">{m.incidents.all}</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {incidentWords(one)}
              </option>
            ))}
          </select>
        </label>
        <div class="spans" role="group" aria-label={m.incidents.time}>
          {spans.map((one) => (
            <button key={one.key} type="button" class="small" aria-pressed={one.key === span} onClick={() => writeQuery({ span: one.key })}>
              {m.incidents.spans[one.key]}
            </button>
          ))}
        </div>
        <button type="button" class="small" aria-pressed={open === "1"} onClick={() => writeQuery({ open: open === "1" ? null : "1" })}>
          {m.incidents.openOnly}
        </button>
        <button type="button" class="small" aria-pressed={unseen === "1"} onClick={() => writeQuery({ unseen: unseen === "1" ? null : "1" })}>
          {m.incidents.notSeen}
        </button>
      </div>
      {fault === null ? null : (
        <p class="form-fault" role="alert">
          {m.cameras.incidentsFault(sentence(fault))}
        </p>
      )}
      <div class="panel incident-panel">
        {answer === null && fault === null ? <Skeleton label={m.incidents.loading} /> : null}
        {answer !== null && items.length === 0 ? <Empty title={filter === "" && kind === "" && span === "" ? m.incidents.none : m.incidents.noMatch} /> : null}
        <List title={m.incidents.open} items={lasting} refresh={refresh} />
        <List title={m.incidents.over} items={over} refresh={refresh} />
        {answer === null ? null : <More key={key} page={answer} ask={(after) => api.incidents({ ...asked, from: from(), after })} />}
      </div>
    </section>
  );
}

function List({ title, items, refresh }: { title: string; items: readonly Incident[]; refresh: (() => void) | null }): VNode | null {
  if (items.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ol class="incidents">
        {folded(items).map(({ incident, consequences }) => (
          <Row key={incident.id} incident={incident} refresh={refresh} consequences={consequences} />
        ))}
      </ol>
    </>
  );
}

function Row({ incident, refresh, consequences }: { incident: Incident; refresh: (() => void) | null; consequences: readonly Incident[] }): VNode {
  const { subject } = incident;
  const camera = subject.type === "camera" ? (live.value.cameras.get(subject.id) ?? null) : null;
  return (
    <li data-incident={incident.id} data-open={flag(incident.closedAt === null)}>
      <div class="what">
        <p class="subject">
          <Subject incident={incident} camera={camera} />
        </p>
        <IncidentLine incident={incident} />
        {camera === null ? null : (
          <p class="ways">
            <a href={href({ page: "stream", server: camera.server, name: camera.path })}>{m.incidents.stream}</a>
            <a href={`${href({ page: "recording", server: camera.server, name: camera.path, session: null })}?at=${encodeURIComponent(new Date(Date.parse(incident.openedAt) - 60_000).toISOString())}`}>
              {m.incidents.minuteBefore}
            </a>
          </p>
        )}
        {consequences.length === 0 ? null : (
          <details class="follows">
            <summary>{m.overview.follow(consequences.length)}</summary>
            <ol class="incidents">
              {consequences.map((one) => (
                <Row key={one.id} incident={one} refresh={refresh} consequences={[]} />
              ))}
            </ol>
          </details>
        )}
      </div>
      {refresh === null ? null : <Remarks incident={incident} refresh={refresh} />}
    </li>
  );
}

/** What a person can say of it. */
function Remarks({ incident, refresh }: { incident: Incident; refresh: () => void }): VNode | null {
  if (!mayChange.value) return null;
  return (
    <p class="remarks">
      {incident.acknowledged !== null ? null : (
        <button type="button" class="small" onClick={() => openRemark(incident, true, refresh)}>
          {m.incidents.acknowledge}
        </button>
      )}
      <button type="button" class="small quiet" onClick={() => openRemark(incident, false, refresh)}>
        {m.incidents.addNote}
      </button>
    </p>
  );
}

function Subject({ incident, camera }: { incident: Incident; camera: CameraStatus | null }): VNode {
  const { subject } = incident;
  const words = <b>{subjectWords(incident)}</b>;
  if (subject.type === "camera") return camera === null ? words : <a href={href({ page: "camera", id: camera.id })}>{words}</a>;
  if (subject.type === "stream") return <a href={href({ page: "stream", server: subject.server, name: subject.name })}>{words}</a>;
  if (subject.type === "host" || subject.type === "disk") {
    const host = subject.type === "host" ? subject.name : subject.host;
    return <a href={href({ page: "host", name: host })}>{words}</a>;
  }
  if (subject.type === "encoder" || subject.type === "platform" || subject.type === "liveEvent") return <a href={href({ page: "health" })}>{words}</a>;
  return (
    <>
      {subject.type === "target" ? (incident.kind.startsWith("endpoint") ? m.incidents.endpoint : m.incidents.target) : subject.type === "server" ? m.incidents.server : m.incidents.service}{" "}
      {words}
    </>
  );
}

function More({ page, ask }: { page: Page<Incident>; ask: (after: string) => Promise<Page<Incident>> }): VNode {
  const older = useOlder(page, (one) => one.openedAt, ask);
  return (
    <>
      <List title={m.incidents.older} items={older.items} refresh={null} />
      <MoreButton older={older} label={m.incidents.showOlder} />
    </>
  );
}
