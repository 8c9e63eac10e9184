// On and back by the time that one means, to what is newest, and as fast as one likes; the same by keys.

import type { VNode } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { isTyping } from "../../components/search";
import { m } from "../../words/language";
import type { Playback } from "./playback";

const PACES = [0.5, 1, 2, 4, 8] as const;
/** What a picture lasts, roughly, s. */
const PICTURE = 0.04;

/** What the keys do, where nothing else has them. */
function keysOf(playback: Playback): Record<string, () => void> {
  const { player } = playback;
  return {
    " ": () => player.toggle(),
    ArrowLeft: () => playback.step(-10),
    ArrowRight: () => playback.step(10),
    ",": () => player.nudge(-PICTURE),
    ".": () => player.nudge(PICTURE),
    m: () => player.mute(),
    f: () => player.fill(),
  };
}

function useKeys(playback: Playback): void {
  useLayoutEffect(() => {
    const keys = keysOf(playback);
    const press = (event: KeyboardEvent) => {
      const run = keys[event.key];
      const taken = event.target instanceof HTMLElement && event.target.closest("button, a, summary, video, [role=slider]") !== null;
      if (run === undefined || isTyping(event) || taken || event.shiftKey) return;
      event.preventDefault();
      run();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [playback]);
}

export function Control({ playback }: { playback: Playback }): VNode {
  useKeys(playback);
  const [pace, setPace] = useState(1);
  const still = playback.at.value === null;
  return (
    <div class="steps" role="group" aria-label={m.recordings.steps}>
      {([-60, -10, 10, 60] as const).map((seconds) => (
        <button key={seconds} type="button" class="small" disabled={still} onClick={() => playback.step(seconds)}>
          {m.recordings.step(seconds)}
        </button>
      ))}
      <button type="button" class="small" onClick={() => playback.step(null)}>
        {m.recordings.newest}
      </button>
      <label class="pace">
        {m.footage.pace}
        <select
          value={pace}
          onChange={(event) => {
            const times = Number(event.currentTarget.value);
            setPace(times);
            playback.player.pace(times);
          }}
        >
          {PACES.map((one) => (
            <option key={one} value={one}>
              {one} ×
            </option>
          ))}
        </select>
      </label>
      <span class="by-drag">{m.footage.keys}</span>
    </div>
  );
}
