// Several cameras at once: chosen by a box in each row, acted on after one question.

import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { api, sentence } from "../../api";
import { each } from "../../browser/each";
import { fullTitle } from "../../camera_words";
import { confirmDialog } from "../../components/dialog";
import { toast } from "../../components/toast";
import type { CameraStatus } from "../../types";
import { m } from "../../words/language";

/** Names that a question lists; the rest are counted. */
const MOST = 12;

const acts = {
  restart: { run: (id: number) => api.restartCamera(id), fits: (camera: CameraStatus) => camera.enabled },
  on: { run: (id: number) => api.editCamera(id, { enabled: true }), fits: (camera: CameraStatus) => !camera.enabled },
  off: { run: (id: number) => api.editCamera(id, { enabled: false }), fits: (camera: CameraStatus) => camera.enabled },
} as const;
type Act = keyof typeof acts;

export class Selection {
  readonly ids = signal<ReadonlySet<number> | null>(null);

  toggle(id: number): void {
    const ids = new Set(this.ids.peek());
    if (!ids.delete(id)) ids.add(id);
    this.ids.value = ids;
  }
}

export function SelectBox({ selection, camera }: { selection: Selection; camera: CameraStatus }): VNode | null {
  const ids = selection.ids.value;
  if (ids === null) return null;
  return <input type="checkbox" class="select-box" aria-label={m.many.select(fullTitle(camera))} checked={ids.has(camera.id)} onChange={() => selection.toggle(camera.id)} />;
}

/** What can be done with those that are chosen. */
export function SelectionBar({ selection, shown, cameras }: { selection: Selection; shown: readonly CameraStatus[]; cameras: readonly CameraStatus[] }): VNode | null {
  const ids = selection.ids.value;
  if (ids === null) return null;
  // One that was deleted meanwhile is no longer chosen.
  const chosen = cameras.filter((one) => ids.has(one.id));
  return (
    <div class="tools selection" role="group" aria-label={m.many.label}>
      <span role="status">{m.many.selected(chosen.length)}</span>
      <button type="button" class="small" onClick={() => (selection.ids.value = new Set(chosen.length === shown.length ? [] : shown.map((one) => one.id)))}>
        {chosen.length === shown.length && chosen.length > 0 ? m.many.none : m.many.all}
      </button>
      {(Object.keys(acts) as Act[]).map((act) => {
        const fit = chosen.filter(acts[act].fits);
        return (
          <button key={act} type="button" class="small" disabled={fit.length === 0} onClick={() => ask(act, fit)}>
            {m.many.acts[act]}
          </button>
        );
      })}
    </div>
  );
}

function ask(act: Act, cameras: readonly CameraStatus[]): void {
  const names = cameras.slice(0, MOST).map(fullTitle);
  const rest = cameras.length - names.length;
  let left = cameras;
  confirmDialog({
    title: m.many.titles[act](cameras.length),
    words: m.many.words[act],
    more: (
      <ul class="would-stop">
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
        {rest > 0 ? <li>{m.many.more(rest)}</li> : null}
      </ul>
    ),
    action: m.many.acts[act],
    run: async () => {
      const failed = await each(left, (one) => acts[act].run(one.id));
      const done = left.length - failed.length;
      if (done > 0) toast(m.many.done[act](done));
      left = failed.map(([one]) => one);
      if (failed.length > 0) throw new Error(m.many.failed(failed.map(([one, error]) => `${fullTitle(one)}: ${sentence(error)}`).join("; ")));
    },
  });
}
