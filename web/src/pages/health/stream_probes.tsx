// The probed streams: each target with what its last probe found, how old that is, and its outages.

import type { VNode } from "preact";
import { api } from "../../api";
import { Badge } from "../../components/badge";
import { usePolled } from "../../components/polled";
import { ago, bitrate, dateTime, duration } from "../../format";
import { now } from "../../model";
import { codec } from "../../probe_words";
import { href } from "../../router";
import type { StreamProbe } from "../../types";
import { m } from "../../words/language";
import { probeLook } from "../../words/states";
import { FaultWords } from "./fault_words";
import { byTrouble, keyOf, rateWords, secondsWords } from "./probe_rows";
import { HealthTable, NotConfigured, Section } from "./section";

const EVERY = 5_000;
/** Of the configuration. */
const SECTION = "[[health.targets]]";

export function StreamProbes(): VNode {
  const { state } = usePolled("stream probes", EVERY, (signal) => api.streamProbes(signal));
  const { answer, fault } = state.value;
  const probes = byTrouble(answer?.items ?? []);
  const out = probes.filter((one) => one.state === "out").length;
  return (
    <Section id="stream-probes-title" title={m.health.streams} counts={probes.length === 0 ? null : m.health.counts(probes.length, out)} fault={fault} isWaiting={answer === null}>
      {answer !== null && probes.length === 0 ? <NotConfigured title={m.health.none} words={m.health.noneWords} section={SECTION} /> : null}
      {probes.length === 0 ? null : (
        <HealthTable caption={m.health.caption} headings={Object.values(m.health.heads)}>
          {probes.map((one) => (
            <Row key={keyOf(one)} probe={one} />
          ))}
        </HealthTable>
      )}
    </Section>
  );
}

function Row({ probe }: { probe: StreamProbe }): VNode {
  const { report } = probe;
  const video = report?.video ?? null;
  return (
    <tr data-target={probe.target} data-state={probe.state}>
      <th scope="row" class="long">
        <Whom probe={probe} />
      </th>
      <td class="long">
        <Badge looks={probeLook} state={probe.state} />
        {probe.fault === null ? null : (
          <p class="why">
            <FaultWords kind={m.probe.faults[probe.fault.kind] ?? m.probe.bad} message={probe.fault.message} />
          </p>
        )}
      </td>
      <td>
        {video === null ? "–" : [codec(video.codec), video.width === null || video.height === null ? null : `${video.width}×${video.height}`].filter((part) => part !== null).join(" ")}
        {video === null ? null : <p class="lead">{[video.profile, rateWords(video.framesPerSecond)].filter((part) => part !== null).join(", ")}</p>}
      </td>
      <td>
        {bitrate(video?.bitsPerSecond)}
        {report === null ? null : <Faults jumps={report.timestampJumps} errors={report.decodeErrors} />}
      </td>
      <td>
        {video === null ? "–" : video.gopSeconds === null ? "–" : m.health.every(secondsWords(video.gopSeconds))}
        {video === null || video.keyFrameAgeSeconds === null ? null : <p class="lead">{m.health.lastKey(secondsWords(video.keyFrameAgeSeconds))}</p>}
      </td>
      <td>
        {report === null ? "–" : report.audio === null ? m.health.noSound : `${codec(report.audio.codec)} ${bitrate(report.audio.bitsPerSecond)}`}
        {report === null || report.avOffsetSeconds === null ? null : <p class="lead">{m.health.apart(secondsWords(report.avOffsetSeconds))}</p>}
      </td>
      <td>
        {probe.at === null ? "–" : <time dateTime={probe.at} title={dateTime(probe.at)}>{ago(probe.at, now.value)}</time>}
        {probe.tookSeconds === null ? null : <p class="lead">{m.health.took(secondsWords(probe.tookSeconds))}</p>}
      </td>
      <td>
        <Outages probe={probe} />
      </td>
    </tr>
  );
}

/** A stream by its name, an address by the target's. */
function Whom({ probe }: { probe: StreamProbe }): VNode {
  const { target, server, stream, address } = probe;
  if (server === null || stream === null) {
    return (
      <>
        {target}
        <p class="lead">{address}</p>
      </>
    );
  }
  return (
    <>
      <a href={href({ page: "stream", server, name: stream })}>{stream}</a>
      <p class="lead">{m.health.ofTarget(target)}</p>
    </>
  );
}

function Faults({ jumps, errors }: { jumps: number; errors: number }): VNode | null {
  const words = [jumps === 0 ? null : m.health.jumps(jumps), errors === 0 ? null : m.health.damaged(errors)].filter((part) => part !== null);
  return words.length === 0 ? null : <p class="why">{words.join(", ")}</p>;
}

function Outages({ probe }: { probe: StreamProbe }): VNode {
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
