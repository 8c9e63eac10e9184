// Numbers of streams and endpoints and what is usual for them at this hour of the week. Nothing where they are not watched.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../api";
import { Badge } from "../../components/badge";
import { usePolled } from "../../components/polled";
import { ago, dateTime } from "../../format";
import { now } from "../../model";
import { href } from "../../router";
import type { Anomaly } from "../../types";
import { m } from "../../words/language";
import { anomaliesByTrouble, figure, usualWords } from "./anomaly_rows";
import { anomalyLook } from "./device_looks";
import { HealthTable, Section } from "./section";

const EVERY = 10_000;
/** More rows than a person reads; what is unusual comes first. */
const MOST_ROWS = 100;

export function Anomalies(): VNode | null {
  const [whole, showWhole] = useState(false);
  const { state } = usePolled("anomalies", EVERY, (signal) => api.anomalies(signal));
  const { answer, fault } = state.value;
  const all = anomaliesByTrouble(answer?.items ?? []);
  if (all.length === 0 && fault === null) return null;
  const count = (which: string) => all.filter((one) => one.state === which).length;
  const { heads } = m.anomalies;
  // What is not known yet tells nobody anything: it is there for who asks for it.
  const told = all.filter((one) => one.state !== "learning");
  const shown = (whole ? all : told).slice(0, MOST_ROWS);
  const folded = all.length - told.length;
  return (
    <Section id="anomalies-title" title={m.anomalies.title} counts={m.anomalies.counts(count("unusual"), count("usual"), count("learning"))} fault={fault} isWaiting={false}>
      {shown.length === 0 ? null : (
        <HealthTable caption={m.anomalies.caption} headings={[heads.stream, heads.metric, heads.state, heads.value, heads.usual, heads.median]}>
          {shown.map((one) => (
            <Row key={`${one.server}/${one.stream}/${one.endpoint}/${one.metric}`} one={one} />
          ))}
        </HealthTable>
      )}
      {folded === 0 ? null : (
        <button type="button" class="small quiet" aria-expanded={whole} onClick={() => showWhole(!whole)}>
          {whole ? m.overview.fewer : m.overview.more(folded)}
        </button>
      )}
      {whole && all.length > MOST_ROWS ? <p class="lead">{m.anomalies.more(all.length - MOST_ROWS)}</p> : null}
    </Section>
  );
}

function Row({ one }: { one: Anomaly }): VNode {
  const { server, stream, endpoint, metric, state, value, since, weeks, judgesFrom, usualMedian } = one;
  return (
    <tr data-stream={stream} data-endpoint={endpoint} data-metric={metric} data-state={state}>
      <th scope="row" class="long">
        {stream === null || server === null ? endpoint : <a href={href({ page: "stream", server, name: stream })}>{stream}</a>}
        <p class="lead">{server ?? m.anomalies.endpoint}</p>
      </th>
      <td>{m.anomalies.metrics[metric] ?? metric}</td>
      <td class="long">
        <Badge looks={anomalyLook} state={state} />
        {since === null ? null : (
          <p class="why">
            <time dateTime={since} title={dateTime(since)}>
              {m.anomalies.since(ago(since, now.value))}
            </time>
          </p>
        )}
        {judgesFrom === null ? null : <p class="lead">{m.anomalies.judgesFrom(dateTime(judgesFrom))}</p>}
      </td>
      <td>{value === null ? "–" : figure(metric, value, usualMedian ?? value)}</td>
      <td>{usualWords(one) ?? "–"}</td>
      <td>
        {usualMedian === null ? "–" : figure(metric, usualMedian)}
        {weeks === null ? null : <p class="lead">{m.anomalies.weeks(weeks)}</p>}
      </td>
    </tr>
  );
}
