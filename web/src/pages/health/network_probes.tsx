// The probed endpoints: each with latency, jitter and loss of the last minutes, the parts of its last probe, its certificate, its outages.

import type { VNode } from "preact";
import { api } from "../../api";
import { Badge } from "../../components/badge";
import { usePolled } from "../../components/polled";
import { ago, capital, dateTime, duration, stop } from "../../format";
import { now } from "../../model";
import type { NetworkProbe } from "../../types";
import { m } from "../../words/language";
import { endpointLook } from "../../words/states";
import { FaultWords } from "./fault_words";
import { daysLeft, endpointsByTrouble, phaseWords, share, shortTime } from "./network_rows";
import { HealthTable, NotConfigured, Section } from "./section";

const EVERY = 5_000;
/** Of the configuration. */
const SECTION = "[[health.endpoints]]";

export function NetworkProbes(): VNode {
  const { state } = usePolled("network probes", EVERY, (signal) => api.networkProbes(signal));
  const { answer, fault } = state.value;
  const probes = endpointsByTrouble(answer?.items ?? []);
  const down = probes.filter((one) => one.state === "down").length;
  return (
    <Section id="network-probes-title" title={m.network.title} counts={probes.length === 0 ? null : m.network.counts(probes.length, down)} fault={fault} isWaiting={answer === null}>
      {answer !== null && probes.length === 0 ? <NotConfigured title={m.network.none} words={m.network.noneWords} section={SECTION} /> : null}
      {probes.length === 0 ? null : (
        <HealthTable caption={m.network.caption} headings={Object.values(m.network.heads)}>
          {probes.map((one) => (
            <Row key={one.endpoint} probe={one} />
          ))}
        </HealthTable>
      )}
    </Section>
  );
}

function Row({ probe }: { probe: NetworkProbe }): VNode {
  const { window, fault, trouble } = probe;
  return (
    <tr data-endpoint={probe.endpoint} data-state={probe.state}>
      <th scope="row" class="long">
        {probe.endpoint}
        <p class="lead">{probe.url}</p>
      </th>
      <td class="long">
        <Badge looks={endpointLook} state={probe.state} />
        {fault === null ? null : (
          <p class="why">
            <FaultWords kind={m.network.faults[fault.kind] ?? m.probe.faults[fault.kind] ?? m.network.bad} message={fault.message} />
          </p>
        )}
        {trouble === null ? null : <p class="why">{stop(capital(trouble))}</p>}
      </td>
      <td>
        {window.medianSeconds === null ? "–" : shortTime(window.medianSeconds)}
        {probe.measuredBy === null ? null : <p class="lead">{m.network.by[probe.measuredBy] ?? probe.measuredBy}</p>}
      </td>
      <td>{window.jitterSeconds === null ? "–" : shortTime(window.jitterSeconds)}</td>
      <td>
        {window.lossRatio === null ? "–" : share(window.lossRatio)}
        {window.sent === 0 ? null : <p class="lead">{m.network.ofSent(window.lost, window.sent)}</p>}
      </td>
      <td>
        <Phases probe={probe} />
      </td>
      <td>
        <Certificate probe={probe} />
      </td>
      <td>
        {probe.at === null ? "–" : <time dateTime={probe.at} title={dateTime(probe.at)}>{ago(probe.at, now.value)}</time>}
        {probe.tookSeconds === null ? null : <p class="lead">{m.health.took(shortTime(probe.tookSeconds))}</p>}
      </td>
      <td>
        <EndpointOutages probe={probe} />
      </td>
    </tr>
  );
}

function Phases({ probe }: { probe: NetworkProbe }): VNode {
  const words = phaseWords(probe.phases);
  return (
    <>
      {words.length === 0 ? "–" : words.map((one) => <div key={one}>{one}</div>)}
      {probe.pathMtuBytes === null ? null : <p class="lead">{m.network.mtu(probe.pathMtuBytes)}</p>}
      {probe.httpStatus === null ? null : <p class="lead">{m.network.status(probe.httpStatus)}</p>}
    </>
  );
}

function Certificate({ probe }: { probe: NetworkProbe }): VNode {
  const { certificate } = probe;
  if (certificate === null) return <>–</>;
  const days = daysLeft(certificate.notAfter, now.value);
  return (
    <time dateTime={certificate.notAfter} title={dateTime(certificate.notAfter)}>
      {days < 0 ? m.network.expired : m.network.daysLeft(days)}
    </time>
  );
}

function EndpointOutages({ probe }: { probe: NetworkProbe }): VNode {
  const { outage, lastOutage, outages } = probe;
  const last = lastOutage?.to ?? null;
  return (
    <>
      {outages === 0 ? m.health.never : String(outages)}
      {outage === null ? null : <p class="why">{m.health.outSince(ago(outage.from, now.value))}</p>}
      {outage !== null || lastOutage === null || last === null ? null : <p class="lead">{m.health.lastOut(ago(last, now.value), duration(Date.parse(last) - Date.parse(lastOutage.from)))}</p>}
    </>
  );
}
