// Hardware encoders: what each says, what is believed of it, and its stream to be started and stopped. Nothing where none is configured.

import type { VNode } from "preact";
import { api } from "../../api";
import { ForOperators } from "../../components/access";
import { Badge } from "../../components/badge";
import { confirmDialog } from "../../components/dialog";
import { usePolled } from "../../components/polled";
import { toast } from "../../components/toast";
import { ago, bitrate, dateTime, duration } from "../../format";
import { now } from "../../model";
import type { Encoder } from "../../types";
import { m } from "../../words/language";
import { encoderLook } from "./device_looks";
import { encodersByTrouble, inTrouble, mayStart, mayStop } from "./encoder_rows";
import { FaultWords } from "./fault_words";
import { HealthTable, Section } from "./section";

const EVERY = 2_000;

export function Encoders(): VNode | null {
  const { state, refresh } = usePolled("encoders", EVERY, (signal) => api.encoders(signal));
  const { answer, fault } = state.value;
  const encoders = encodersByTrouble(answer?.items ?? []);
  if (encoders.length === 0 && fault === null) return null;
  const { heads } = m.encoders;
  return (
    <Section
      id="encoders-title"
      title={m.encoders.title}
      counts={encoders.length === 0 ? null : m.encoders.counts(encoders.length, encoders.filter((one) => inTrouble(one.state)).length)}
      fault={fault}
      isWaiting={false}
    >
      {encoders.length === 0 ? null : (
        <HealthTable
          caption={m.encoders.caption}
          headings={[heads.name, heads.state, heads.sends, heads.cache, heads.to, heads.device]}
          further={
            <ForOperators>
              <th scope="col">{heads.orders}</th>
            </ForOperators>
          }
        >
          {encoders.map((one) => (
            <Row key={one.name} encoder={one} refresh={refresh} />
          ))}
        </HealthTable>
      )}
    </Section>
  );
}

function Row({ encoder, refresh }: { encoder: Encoder; refresh: () => void }): VNode {
  const { name, host, state, since, reading, fault, feeds } = encoder;
  const sends = reading !== null && state !== "idle";
  return (
    <tr data-encoder={name} data-state={state}>
      <th scope="row" class="long">
        {name}
        <p class="lead">{reading?.label === null || reading === null || reading.label === name ? host : `${reading.label}, ${host}`}</p>
      </th>
      <td class="long">
        <Badge looks={encoderLook} state={state} />
        {since === null ? null : (
          <p class="lead">
            <time dateTime={since} title={dateTime(since)}>
              {m.encoders.since(ago(since, now.value))}
            </time>
          </p>
        )}
        {fault === null ? null : (
          <p class="why">
            <FaultWords kind={m.encoders.faults[fault.kind] ?? ""} message={fault.message} />
          </p>
        )}
      </td>
      <td>
        {sends ? bitrate(reading.bitsPerSecond) : "–"}
        {!sends || reading.durationSeconds === null ? null : <p class="lead">{m.encoders.streamsFor(duration(reading.durationSeconds * 1000))}</p>}
      </td>
      <td>{reading === null || reading.cachePercent === null ? "–" : `${Math.round(reading.cachePercent)} %`}</td>
      <td>
        {reading?.platform ?? "–"}
        {reading === null ? null : <p class="lead">{[reading.server, reading.quality].filter((part) => part !== null).join(", ")}</p>}
        {feeds.event === null ? null : <p class="lead">{m.encoders.feedsEvent(feeds.event)}</p>}
        {feeds.stream === null ? null : <p class="lead">{m.encoders.feedsStream(feeds.stream)}</p>}
      </td>
      <td>
        {reading === null ? "–" : [reading.model, reading.firmware].filter((part) => part !== null).join(" ") || m.encoders.protocols[reading.protocol]}
        {reading === null ? null : (
          <p class="lead">{[reading.videoFormat, reading.audioSource === null ? null : m.encoders.sound(reading.audioSource), m.encoders.protocols[reading.protocol]].filter((part) => part !== null).join(", ")}</p>
        )}
      </td>
      <ForOperators>
        <td>
          <Order encoder={encoder} order="start" shown={mayStart(state)} refresh={refresh} />
          <Order encoder={encoder} order="stop" shown={mayStop(state)} refresh={refresh} />
        </td>
      </ForOperators>
    </tr>
  );
}

function Order({ encoder, order, shown, refresh }: { encoder: Encoder; order: "start" | "stop"; shown: boolean; refresh: () => void }): VNode | null {
  const { name, reading } = encoder;
  if (!shown) return null;
  const to = reading?.platform ?? m.encoders.somewhere;
  const ask = () =>
    confirmDialog({
      title: order === "start" ? m.encoders.startTitle(name) : m.encoders.stopTitle(name),
      words: order === "start" ? m.encoders.startWords(to) : m.encoders.stopWords(to),
      action: order === "start" ? m.encoders.start : m.encoders.stop,
      run: async () => {
        await api.orderEncoder(name, order);
        toast(m.encoders.ordered(name));
        refresh();
      },
    });
  return (
    <button type="button" class="small quiet" aria-label={order === "start" ? m.encoders.startLabel(name) : m.encoders.stopLabel(name)} onClick={ask}>
      {order === "start" ? m.encoders.start : m.encoders.stop}
    </button>
  );
}
