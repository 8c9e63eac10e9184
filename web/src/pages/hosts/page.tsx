// The hosts that agents measure: trouble first, each with its load, its fullest disk and its MediaMTX.

import "../../styles/hosts.css";
import type { VNode } from "preact";
import { Badge } from "../../components/badge";
import { flag } from "../../components/dom";
import { Empty, Skeleton } from "../../components/empty";
import { Cores, Measure } from "../../components/measure";
import { useTitle } from "../../components/title";
import { ago, bitrate, bytes, dateTime } from "../../format";
import { forecast, fullest, percent, percentOf, whyNot } from "../../host_words";
import { known, live, now, stale } from "../../model";
import { href } from "../../router";
import type { HostStatus } from "../../types";
import { hostLook } from "../../words/states";
import { m } from "../../words/language";

export function HostsPage(): VNode {
  useTitle(m.hosts.title);
  const trouble = (one: HostStatus) => (one.state === "silent" ? 2 : (fullest(one)?.usedPercent ?? 0) >= 90 ? 1 : 0);
  const hosts = [...live.value.hosts.values()].sort((a, b) => trouble(b) - trouble(a) || a.name.localeCompare(b.name));
  const silent = hosts.filter((one) => one.state === "silent").length;
  return (
    <section class="page" aria-labelledby="hosts-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <div>
          <h1 id="hosts-title">{m.hosts.title}</h1>
          <p class="lead">{hosts.length === 0 ? "" : m.hosts.counts(hosts.length, silent)}</p>
        </div>
      </div>
      {hosts.length > 0 ? (
        <ul class="hosts">
          {hosts.map((one) => (
            <Card key={one.name} host={one} />
          ))}
        </ul>
      ) : (
        <div class="panel">
          {known.value ? (
            <Empty title={m.hosts.none}>
              <p>{m.hosts.noneWords}</p>
              <p class="hint">
                <code>streamwarden run --roles agent</code>
              </p>
            </Empty>
          ) : (
            <Skeleton label={m.hosts.loading} />
          )}
        </div>
      )}
    </section>
  );
}

function Card({ host }: { host: HostStatus }): VNode {
  const disk = fullest(host);
  return (
    <li class="panel host" data-host={host.name} data-state={host.state}>
      <div class="host-head">
        <h2>
          <a href={href({ page: "host", name: host.name })}>{host.name}</a>
        </h2>
        <Badge looks={hostLook} state={host.state} />
      </div>
      <Heard host={host} />
      <div class="host-body" data-old={flag(host.state === "silent")}>
        <Cores host={host} />
        <Measure title={m.hosts.memory} percent={host.memory === null ? null : percentOf(host.memory)} words={host.memory === null ? whyNot(host, "memory") : m.hosts.of(bytes(host.memory.used), bytes(host.memory.total))} />
        <Measure title={disk === null ? m.hosts.disk : m.hosts.diskAt(disk.mount)} percent={disk?.usedPercent ?? null} words={disk === null ? whyNot(host, "disks") : forecast(disk)} />
        <Network host={host} />
        <Mediamtx host={host} />
      </div>
    </li>
  );
}

/** How old what is shown is. */
export function Heard({ host }: { host: HostStatus }): VNode {
  if (host.state === "silent") {
    return <p class="why">{m.hosts.silentWords(dateTime(host.at), ago(host.at, now.value))}</p>;
  }
  return <p class="lead">{m.hosts.measured(ago(host.at, now.value), host.interval)}</p>;
}

function Network({ host }: { host: HostStatus }): VNode {
  const sum = (values: (number | null)[]) => values.reduce<number | null>((all, one) => (one === null ? all : (all ?? 0) + one), null);
  const [received, sent] = [sum(host.networks.map((one) => one.receivedBitrate)), sum(host.networks.map((one) => one.sentBitrate))];
  return (
    <p class="host-line">
      <span>{m.hosts.network}</span>
      <span>{received === null || sent === null ? whyNot(host, "networks") : m.hosts.inOut(bitrate(received), bitrate(sent))}</span>
    </p>
  );
}

function Mediamtx({ host }: { host: HostStatus }): VNode {
  const one = host.mediamtx;
  return (
    <p class="host-line">
      <span>MediaMTX</span>
      <span>{one === null ? whyNot(host, "mediamtx") : m.hosts.ofCore(percent(one.cpu), bytes(one.rss))}</span>
    </p>
  );
}
