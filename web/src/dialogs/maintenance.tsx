// Excusing a camera or stream: until when, and why.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api, sentence } from "../api";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { FormEnd } from "../components/form_end";
import { toast } from "../components/toast";
import { capital } from "../format";
import { m } from "../words/language";

/** What is excused: a camera with its stream, or a stream. */
export type Subject = { camera: number } | { server: string; name: string };

const HOUR = 3_600;
/** In the order of their words, s. */
const lengths = [1, 4, 12, 24, 72, 168, 720].map((hours) => hours * HOUR);

export function openMaintenance(subject: Subject, title: string): void {
  openDialog(<MaintenanceForm subject={subject} title={title} />);
}

function MaintenanceForm({ subject, title }: { subject: Subject; title: string }): VNode {
  const [seconds, setSeconds] = useState(HOUR);
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      await api.setMaintenance(subject, { forSeconds: seconds, reason: reason.trim() });
      toast(m.incidents.inMaintenance(title));
      closeDialog();
    } catch (error) {
      setFault(capital(sentence(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={m.incidents.maintenanceOf(title)} kind="narrow" unsaved={() => reason.trim() !== ""}>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p>{m.incidents.maintenanceWords}</p>
        <label class="remark">
          {m.incidents.maintenanceFor}
          <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
            {lengths.map((one, index) => (
              <option key={one} value={one}>
                {m.incidents.lengths[index]}
              </option>
            ))}
          </select>
        </label>
        <label class="remark">
          {m.incidents.reason}
          <input type="text" data-focus maxLength={500} required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <FormEnd fault={fault} busy={busy} unfit={reason.trim() === ""} action={m.incidents.start} />
      </form>
    </Dialog>
  );
}
