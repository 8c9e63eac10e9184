// Somebody else has saved the camera while its form was open: what differs, and the choice between theirs and mine.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { differences } from "../camera_edit";
import type { CameraEdit, CameraSettings } from "../types";
import { m } from "../words/language";

interface Props {
  loaded: CameraSettings;
  theirs: CameraSettings;
  edit: CameraEdit;
  load: () => void;
  overwrite: () => void;
}

export function Conflict({ loaded, theirs, edit, load, overwrite }: Props): VNode {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  const list = differences(loaded, theirs, edit);
  return (
    <section class="conflict" role="alert" aria-label={m.form.conflict}>
      <h3>{m.form.conflictTitle}</h3>
      <p>{list.length === 0 ? m.form.conflictHidden : m.form.conflictList}</p>
      {list.length === 0 ? null : (
        <ul>
          {list.map((one) => (
            <li key={one.label}>
              <b>{one.label}</b>: <del>{one.before}</del> → <ins>{one.now}</ins>
              {one.mine === null ? null : <span> {m.form.yours(one.mine)}</span>}
            </li>
          ))}
        </ul>
      )}
      <p>{m.form.conflictWords}</p>
      <div class="buttons">
        <button type="button" class="small" ref={button} onClick={load}>
          {m.form.loadTheirs}
        </button>
        <button type="button" class="small danger" onClick={overwrite}>
          {m.form.overwrite}
        </button>
      </div>
    </section>
  );
}
