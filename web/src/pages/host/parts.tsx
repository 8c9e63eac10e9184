// The tables of a host: disks, interfaces, the process of MediaMTX, and what could not be measured.

import type { VNode } from "preact";
import { Fact } from "../../components/fact";
import { bitrate, bytes, capital } from "../../format";
import { forecast, percent, room, toneOf, whyNot } from "../../host_words";
import type { HostStatus } from "../../types";
import { m } from "../../words/language";

const rate = (value: number | null) => (value === null ? "–" : `${bytes(value)}/s`);

export function Disks({ host }: { host: HostStatus }): VNode {
  return (
    <div class="panel host-table">
      <h2>{m.hosts.disks}</h2>
      {host.disks.length === 0 ? <p class="note">{capital(whyNot(host, "disks"))}</p> : null}
      <ul class="disks">
        {host.disks.map((disk) => (
          <li key={disk.mount} data-mount={disk.mount}>
            <p>
              <b>{disk.mount}</b>
              <span>{disk.usedPercent === null ? m.hosts.notMeasured : m.hosts.used(percent(disk.usedPercent))}</span>
            </p>
            <div class={disk.usedPercent === null ? "meter none" : "meter"} data-tone={disk.usedPercent === null ? undefined : toneOf(disk.usedPercent)} aria-hidden="true">
              {disk.usedPercent === null ? null : <i style={{ width: `${disk.usedPercent}%` }} />}
            </div>
            <small>
              {disk.reason !== null ? capital(disk.reason) : `${room(disk)}, ${forecast(disk)}`}
              {disk.inodes === null || disk.inodesFree === null ? "" : m.hosts.inodes(percent((disk.inodesFree / disk.inodes) * 100))}
              {disk.readRate === null && disk.writeRate === null ? "" : m.hosts.rates(rate(disk.readRate), rate(disk.writeRate))}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** How much of a link its busier direction takes. */
function linkShare(one: HostStatus["networks"][number]): string | null {
  const rates = [one.receivedBitrate, one.sentBitrate].filter((rate) => rate !== null);
  return one.linkBitrate === null || rates.length === 0 ? null : percent((Math.max(...rates) / one.linkBitrate) * 100);
}

export function Networks({ host }: { host: HostStatus }): VNode {
  return (
    <div class="panel host-table">
      <h2>{m.hosts.network}</h2>
      {host.networks.length === 0 ? (
        <p class="note">{capital(whyNot(host, "networks"))}</p>
      ) : (
        <table class="interfaces">
          <thead>
            <tr>
              {Object.entries(m.hosts.interfaces).map(([key, title]) => (
                <th key={key} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {host.networks.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td>{one.receivedBitrate === null ? whyNot(host, `networks.${one.name}`) : bitrate(one.receivedBitrate)}</td>
                <td>{one.sentBitrate === null ? "–" : bitrate(one.sentBitrate)}</td>
                <td>{one.linkBitrate === null ? "–" : m.hosts.link(bitrate(one.linkBitrate), linkShare(one))}</td>
                <td>{one.faultyPackets}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

export function Mediamtx({ host }: { host: HostStatus }): VNode {
  const one = host.mediamtx;
  return (
    <div class="panel host-table">
      <h2>MediaMTX</h2>
      {one === null ? (
        <p class="note">{m.hosts.why(whyNot(host, "mediamtx"))}</p>
      ) : (
        <dl class="facts">
          <Fact title={m.hosts.mediamtx.cpu} value={one.cpu === null ? whyNot(host, "mediamtx.cpu") : percent(one.cpu)} />
          <Fact title={m.hosts.mediamtx.memory} value={bytes(one.rss)} />
          <Fact title={m.hosts.mediamtx.threads} value={String(one.threads)} />
          <Fact title={m.hosts.mediamtx.files} value={one.descriptors === null ? whyNot(host, "mediamtx.descriptors") : one.descriptorLimit === null ? String(one.descriptors) : m.hosts.of(String(one.descriptors), String(one.descriptorLimit))} />
          <Fact title={m.hosts.mediamtx.process} value={String(one.pid)} />
        </dl>
      )}
    </div>
  );
}

/** Whatever has no value, with the agent's reason: a hole is never a zero. */
export function Unmeasured({ host }: { host: HostStatus }): VNode | null {
  const all = Object.entries(host.unmeasured);
  if (all.length === 0) return null;
  return (
    <div class="panel host-table">
      <h2>{m.hosts.unmeasured}</h2>
      <dl class="unmeasured">
        {all.map(([field, why]) => (
          <div key={field}>
            <dt>{field}</dt>
            <dd>{why}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
