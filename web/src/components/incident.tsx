// One thing that went wrong: what, when, how long, why.

import type { VNode } from "preact";
import { incidentWords } from "../camera_words";
import { ago, capital, dateTime, duration } from "../format";
import { now } from "../model";
import type { Incident } from "../types";
import { m } from "../words/language";
import { Sign } from "./icons";
import { Moment } from "./moment";
import { VerdictLines } from "./verdict";

export function IncidentLine({ incident }: { incident: Incident }): VNode {
  const { openedAt, closedAt, kind, cause, acknowledged, notes } = incident;
  const tone = closedAt !== null ? "off" : kind === "otherPublisher" ? "held" : "bad";
  const length = closedAt === null ? m.cameras.notOver(ago(openedAt, now.value)) : m.overview.lasting(duration(Date.parse(closedAt) - Date.parse(openedAt)));
  return (
    <>
      <div class="line">
        <span class="badge" data-tone={tone}>
          <Sign kind={tone} />
          <span>{incidentWords(kind)}</span>
        </span>
        <span class="when">
          <Moment at={openedAt} />, {length}
        </span>
      </div>
      <p>{capital(cause)}</p>
      <VerdictLines incident={incident} />
      {acknowledged === null ? null : (
        <p class="seen">
          {m.incidents.seenBy(acknowledged.who, dateTime(acknowledged.at))}
        </p>
      )}
      {notes.length === 0 ? null : (
        <ul class="notes">
          {notes.map((one) => (
            <li key={one.at}>
              <span class="when">
                {one.who}, <Moment at={one.at} />
              </span>
              <span class="text">{one.text}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
