// One host: how it is now, how it has been, and what could not be measured of it.

import "uplot/dist/uPlot.min.css";
import "../../styles/hosts.css";
import type { VNode } from "preact";
import { query } from "../../address";
import { api, sentence, serverNow } from "../../api";
import { Badge } from "../../components/badge";
import { flag } from "../../components/dom";
import { Empty, Skeleton } from "../../components/empty";
import { Icon } from "../../components/icons";
import { later } from "../../components/later";
import { Cores, Measure } from "../../components/measure";
import { usePolled } from "../../components/polled";
import { SampleNote } from "../../components/sample_note";
import { useTitle } from "../../components/title";
import { bytes } from "../../format";
import { percent, percentOf, whyNot } from "../../host_words";
import { known, live, stale } from "../../model";
import { href } from "../../router";
import type { HostStatus } from "../../types";
import { m } from "../../words/language";
import { hostLook } from "../../words/states";
import { Heard } from "../hosts/page";
import { Moves, Spans } from "../stream/moves";
import { choiceOf, isoOf, momentsOf, read } from "../stream/span";
import { Disks, Mediamtx, Networks, Unmeasured } from "./parts";

const Charts = later(async () => (await import("./charts")).Charts);

const POINTS = 240;
const METRICS = "cpuUser,cpuSystem,cpuSteal,cpuIowait,memoryUsed,networkIn,networkOut,diskUsed,diskRead,diskWrite,mediamtxCpu,mediamtxRss";

export function HostPage({ name }: { name: string }): VNode {
  useTitle(name);
  const host = live.value.hosts.get(name) ?? null;
  return (
    <section class="page" aria-labelledby="host-title" data-stale={flag(stale.value)}>
      <a class="back" href={href({ page: "hosts" })}>
        <Icon name="back" />
        {m.hosts.title}
      </a>
      <div class="headline">
        <div>
          <h1 id="host-title">{name}</h1>
          {host === null ? null : (
            <p class="status-line">
              <Badge looks={hostLook} state={host.state} />
            </p>
          )}
          {host === null ? null : <Heard host={host} />}
        </div>
      </div>
      {host !== null ? <Body host={host} /> : known.value ? <Missing /> : <Skeleton label={m.hosts.loadingOne} />}
    </section>
  );
}

function Missing(): VNode {
  return (
    <div class="panel">
      <Empty title={m.hosts.missing}>
        <p>{m.hosts.missingWords}</p>
        <a class="button" href={href({ page: "hosts" })}>
          {m.hosts.see}
        </a>
      </Empty>
    </div>
  );
}

function Body({ host }: { host: HostStatus }): VNode {
  const { memory, swap, pressure } = host;
  const share = (one: { some: number } | null | undefined) => percent(one?.some);
  return (
    <div class="host-page">
      <div class="panel host-now" data-old={flag(host.state === "silent")}>
        <Cores host={host} />
        <Measure title={m.hosts.memory} percent={memory === null ? null : percentOf(memory)} words={memory === null ? whyNot(host, "memory") : m.hosts.of(bytes(memory.used), bytes(memory.total))} />
        <Measure title={m.hosts.swap} percent={swap === null ? null : percentOf(swap)} words={swap === null ? whyNot(host, "swap") : m.hosts.of(bytes(swap.used), bytes(swap.total))} />
        <div class="measure">
          <p>
            <span>{m.hosts.pressure}</span>
          </p>
          <small>{pressure === null ? whyNot(host, "pressure") : m.hosts.pressureWords(share(pressure.cpu), share(pressure.memory), share(pressure.io))}</small>
        </div>
        <div class="measure">
          <p>
            <span>{m.hosts.temperature}</span>
          </p>
          <small>{host.temperatures.length === 0 ? whyNot(host, "temperatures") : host.temperatures.map((one) => `${one.name} ${one.celsius.toFixed(0)} °C`).join(", ")}</small>
        </div>
      </div>
      <History host={host} />
      <Disks host={host} />
      <Networks host={host} />
      <Mediamtx host={host} />
      <Unmeasured host={host} />
    </div>
  );
}

function History({ host }: { host: HostStatus }): VNode {
  const span = read(query.value);
  const { state } = usePolled(JSON.stringify([host.name, span]), Math.max(10_000, span.every), async (signal) => {
    const moments = momentsOf(span, serverNow());
    const { items } = await api.hostHistory(host.name, { ...isoOf(moments), points: POINTS, metrics: METRICS }, signal);
    return { items, ...moments };
  }, host.name);
  const { answer, fault } = state.value;
  return (
    <div class="panel graph">
      <div class="graph-head">
        <h2>{m.hosts.past}</h2>
        <Spans span={span} />
      </div>
      <Moves span={span} />
      {answer === null ? null : <Charts items={answer.items} from={answer.from} to={answer.to} memory={host.memory?.total ?? null} choice={choiceOf(span, serverNow)} />}
      {answer === null ? null : <SampleNote from={answer.from} />}
      {fault === null ? null : <p class="note">{`${m.stream.unreadable} ${sentence(fault)}`}</p>}
      {answer?.items.length === 0 ? <p class="note">{m.hosts.nothing}</p> : null}
    </div>
  );
}
