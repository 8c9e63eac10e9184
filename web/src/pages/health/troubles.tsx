// What is wrong now, with the verdict of where its fault lies; then who is told of it, and what is excused.

import type { VNode } from "preact";
import { api } from "../../api";
import { subjectWords } from "../../camera_words";
import { IncidentLine } from "../../components/incident";
import { usePolled } from "../../components/polled";
import { dateTime } from "../../format";
import { live } from "../../model";
import { href } from "../../router";
import type { Receiver } from "../../types";
import { folded } from "../../verdict_words";
import { m } from "../../words/language";

/** Receivers are asked for so often, ms. */
const EVERY = 15_000;
/** More are on the page of incidents. */
const SHOWN = 5;

export function Troubles(): VNode {
  const open = [...live.value.incidents.values()].filter((one) => one.closedAt === null);
  const roots = folded(open.sort((a, b) => b.openedAt.localeCompare(a.openedAt)));
  return (
    <section class="panel listing health" aria-labelledby="troubles-title">
      <div>
        <h2 id="troubles-title">{m.wrongNow.title}</h2>
        <p class="lead">
          {m.wrongNow.counts(roots.length, open.length)} <a href={`${href({ page: "incidents" })}?open=1`}>{m.wrongNow.all}</a>
        </p>
        <Receivers />
        <Excused />
      </div>
      {roots.length === 0 ? null : (
        <ol class="incidents">
          {roots.slice(0, SHOWN).map(({ incident, consequences }) => (
            <li key={incident.id} data-incident={incident.id} data-open="">
              <div class="what">
                <p class="subject">
                  <b>{subjectWords(incident)}</b>
                </p>
                <IncidentLine incident={incident} />
                {consequences.length === 0 ? null : <p class="lead">{m.overview.follow(consequences.length)}</p>}
              </div>
            </li>
          ))}
        </ol>
      )}
      {roots.length > SHOWN ? (
        <p class="lead">
          <a href={`${href({ page: "incidents" })}?open=1`}>{m.overview.more(roots.length - SHOWN)}</a>
        </p>
      ) : null}
    </section>
  );
}

/** Whether messages arrive where they should. */
function Receivers(): VNode | null {
  const { answer, fault } = usePolled("receivers", EVERY, (signal) => api.receivers(signal)).state.value;
  if (answer === null || fault !== null) return null;
  const failing = (one: Receiver) => (one.failingSince ?? null) !== null;
  const { items } = answer;
  const waiting = items.reduce((sum, one) => sum + one.waiting, 0);
  const names = items.filter(failing).map((one) => one.name);
  return (
    <p class="lead" data-receivers={items.length} data-failing={names.length}>
      {items.length === 0 ? m.wrongNow.nobodyTold : m.wrongNow.told(items.length, waiting, names.join(", "))} <a href={`${href({ page: "system" })}?part=receivers`}>{m.wrongNow.receivers}</a>
    </p>
  );
}

function Excused(): VNode | null {
  const all = [...live.value.maintenance.values()];
  if (all.length === 0) return null;
  const words = all.map(({ subject, until }) => m.wrongNow.until(subject.name, dateTime(until)));
  return <p class="lead">{m.wrongNow.excused(words.join(", "))}</p>;
}
