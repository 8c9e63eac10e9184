// That something is excused: until when, why, who said so, and the way to end it.

import type { VNode } from "preact";
import { api } from "../api";
import { openMaintenance, type Subject } from "../dialogs/maintenance";
import { dateTime } from "../format";
import { mayChange } from "../login";
import type { Maintenance } from "../types";
import { m } from "../words/language";
import { ForOperators } from "./access";
import { CommandButton } from "./button";

export function MaintenanceNote({ maintenance }: { maintenance: Maintenance | null }): VNode | null {
  if (maintenance === null) return null;
  const { until, reason, setBy, subject } = maintenance;
  return (
    <p class="maintenance-note">
      <span>
        {m.incidents.until(dateTime(until), reason, setBy)}
      </span>
      <ForOperators>
        <CommandButton label={m.incidents.endLabel} run={() => api.endMaintenance(subject)} done={m.incidents.ended}>
          {m.incidents.end}
        </CommandButton>
      </ForOperators>
    </p>
  );
}

export function MaintenanceButton({ subject, title }: { subject: Subject; title: string }): VNode | null {
  if (!mayChange.value) return null;
  return (
    <button type="button" class="small" onClick={() => openMaintenance(subject, title)}>
      {m.incidents.maintenance}
    </button>
  );
}
