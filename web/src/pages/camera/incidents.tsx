// The last things that went wrong with a camera: when, how long, why.

import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { api } from "../../api";
import { IncidentLine } from "../../components/incident";
import { useIncidents } from "../../components/incident_list";
import { m } from "../../words/language";

const MOST = 10;

export function CameraIncidents({ id, state }: { id: number; state: string }): VNode | null {
  const polled = useIncidents(String(id), (signal) => api.cameraIncidents(id, MOST, signal));
  useEffect(() => polled.refresh(), [state]);
  const { answer, fault, none } = polled.state.value;
  if (none) return null;
  const note = fault !== null ? m.cameras.incidentsFault(fault) : answer === null ? m.cameras.reading : answer.items.length === 0 ? m.cameras.noIncidents : null;
  return (
    <section class="panel incident-panel" aria-labelledby="incidents-title">
      <h2 id="incidents-title">{m.cameras.incidents}</h2>
      {note === null ? null : <p class="note">{note}</p>}
      <ol class="incidents">
        {answer?.items.map((one) => (
          <li key={one.id}>
            <div class="what">
              <IncidentLine incident={one} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
