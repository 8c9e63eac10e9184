// Somebody else has saved the camera while its form was open: what differs, and the choice between theirs and mine.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { differences } from "../camera_edit";
import type { CameraEdit, CameraSettings } from "../types";

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
    <section class="conflict" role="alert" aria-label="Changed by somebody else">
      <h3>This camera was changed by somebody else meanwhile</h3>
      <p>{list.length === 0 ? "What differs is not shown here: a password, or the login in the URL." : "They have changed:"}</p>
      {list.length === 0 ? null : (
        <ul>
          {list.map((one) => (
            <li key={one.label}>
              <b>{one.label}</b>: <del>{one.before}</del> → <ins>{one.now}</ins>
              {one.mine === null ? null : <span> (yours: {one.mine})</span>}
            </li>
          ))}
        </ul>
      )}
      <p>Load theirs to begin again from it, or overwrite it with your changes: what you have not touched stays as they left it.</p>
      <div class="buttons">
        <button type="button" class="small" ref={button} onClick={load}>
          Load theirs
        </button>
        <button type="button" class="small danger" onClick={overwrite}>
          Overwrite
        </button>
      </div>
    </section>
  );
}
