// Platforms that streams are sent to, with their live events. Nothing where none is configured.

import type { VNode } from "preact";
import { api } from "../../api";
import { Badge } from "../../components/badge";
import { Moment } from "../../components/moment";
import { usePolled } from "../../components/polled";
import { ago, capital, dateTime, stop } from "../../format";
import { now } from "../../model";
import type { LiveEvent, Platform } from "../../types";
import { m } from "../../words/language";
import { platformLook } from "./device_looks";
import { HealthTable, Section } from "./section";

const EVERY = 5_000;

export function Platforms(): VNode | null {
  const { state } = usePolled("platforms", EVERY, (signal) => api.platforms(signal));
  const { answer, fault } = state.value;
  const platforms = answer?.items ?? [];
  if (platforms.length === 0 && fault === null) return null;
  return (
    <Section id="platforms-title" title={m.platforms.title} counts={null} fault={fault} isWaiting={false}>
      {platforms.map((one) => (
        <One key={one.name} platform={one} />
      ))}
    </Section>
  );
}

function One({ platform }: { platform: Platform }): VNode {
  const { name, state, at, events, limit, fault } = platform;
  const { heads } = m.platforms;
  return (
    <div data-platform={name} data-state={state}>
      <h3>
        <span>{name}</span>
        <Badge looks={platformLook} state={state} />
      </h3>
      <p class="lead">{[at === null ? null : m.platforms.asked(ago(at, now.value)), limit === null ? null : m.platforms.left(limit.remaining)].filter((part) => part !== null).join(", ")}</p>
      {fault === null ? null : <p class="why">{stop(capital(fault.message))}</p>}
      {events.length === 0 ? (
        state === "well" ? <p class="lead">{m.platforms.none}</p> : null
      ) : (
        <HealthTable caption={m.platforms.caption(name)} headings={[heads.title, heads.phase, heads.ingest, heads.picture, heads.viewers, heads.link]}>
          {events.map((one) => (
            <Event key={one.id} event={one} />
          ))}
        </HealthTable>
      )}
    </div>
  );
}

function Event({ event }: { event: LiveEvent }): VNode {
  const { id, title, phase, plannedAt, ingest, viewers, fault } = event;
  return (
    <tr data-event={id} data-phase={phase}>
      <th scope="row" class="long">
        {title}
        {title === id ? null : <p class="lead">{id}</p>}
      </th>
      <td class="long">
        {m.platforms.phases[phase] ?? phase}
        {plannedAt === null || phase === "live" ? null : <p class="lead">{m.platforms.planned(dateTime(plannedAt))}</p>}
        {fault === null ? null : <p class="why">{stop(capital(fault.message))}</p>}
      </td>
      <td>{ingest === null ? "–" : (m.platforms.ingests[ingest.phase] ?? ingest.phase)}</td>
      <td>{ingest === null || ingest.width === null || ingest.height === null ? "–" : `${ingest.width}×${ingest.height}`}</td>
      <td>{viewers ?? "–"}</td>
      <td>{ingest === null || ingest.linkExpiresAt === null ? "–" : <Moment at={ingest.linkExpiresAt} />}</td>
    </tr>
  );
}
