// What is wrong, and where its fault lies; then what is seen from outside: a section for each kind of probe, trouble first in each.

import "../../styles/health.css";
import type { VNode } from "preact";
import { flag } from "../../components/dom";
import { useTitle } from "../../components/title";
import { model, stale } from "../../model";
import { m } from "../../words/language";
import { Anomalies } from "./anomalies";
import { Encoders } from "./encoders";
import { NetworkProbes } from "./network_probes";
import { Platforms } from "./platforms";
import { StreamProbes } from "./stream_probes";
import { Troubles } from "./troubles";

export function HealthPage(): VNode {
  useTitle(m.health.title);
  return (
    <section class="page" aria-labelledby="health-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <h1 id="health-title">{m.health.title}</h1>
        {model.value.status?.statusPage === true ? <a href="status">{m.health.viewers}</a> : null}
      </div>
      <Troubles />
      <StreamProbes />
      <NetworkProbes />
      <Anomalies />
      <Encoders />
      <Platforms />
    </section>
  );
}
