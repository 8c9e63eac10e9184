// What a person says of an incident: that it was seen, and notes.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api, sentence } from "../api";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { FormEnd } from "../components/form_end";
import { toast } from "../components/toast";
import { capital } from "../format";
import type { Incident } from "../types";
import { m } from "../words/language";

const LONGEST = 2_000;

/** `done` runs when it is written. */
export function openRemark(incident: Incident, acknowledges: boolean, done: () => void): void {
  openDialog(<Remark incident={incident} acknowledges={acknowledges} done={done} />);
}

function Remark({ incident, acknowledges, done }: { incident: Incident; acknowledges: boolean; done: () => void }): VNode {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    const note = text.trim();
    try {
      if (acknowledges) await api.acknowledge(incident.id, note === "" ? null : note);
      else await api.noteIncident(incident.id, note);
      toast(acknowledges ? m.incidents.acknowledged : m.incidents.noted);
      closeDialog();
      done();
    } catch (error) {
      setFault(capital(sentence(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={acknowledges ? m.incidents.acknowledgeTitle : m.incidents.addNoteTitle} kind="narrow" unsaved={() => text.trim() !== ""}>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p>{capital(incident.cause)}</p>
        <label class="remark">
          {acknowledges ? m.incidents.noteOptional : m.incidents.note}
          <textarea data-focus rows={3} maxLength={LONGEST} required={!acknowledges} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <FormEnd fault={fault} busy={busy} unfit={!acknowledges && text.trim() === ""} action={acknowledges ? m.incidents.acknowledge : m.incidents.addNote} />
      </form>
    </Dialog>
  );
}
