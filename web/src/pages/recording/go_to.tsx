// A way to any moment: a date and a time, and a link to the moment that is shown.

import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../../components/icons";
import { toast } from "../../components/toast";
import { timeOfDay } from "../../format";
import { copyText } from "../../browser/clipboard";
import { m } from "../../words/language";
import type { Playback } from "./playback";

export function GoTo({ playback }: { playback: Playback }): VNode {
  const field = useRef<HTMLInputElement>(null);
  const go = () => {
    // A date and a time without a zone are those of the viewer.
    const at = Date.parse(field.current?.value ?? "");
    if (Number.isNaN(at)) return;
    playback.goTo(at);
  };
  const copy = async () => {
    const at = playback.at.peek();
    if (at === null) return;
    const address = new URL(location.href);
    address.hash = `${address.hash.split("?", 1)[0] ?? ""}?at=${encodeURIComponent(new Date(at).toISOString())}`;
    if (await copyText(address.href)) toast(m.recordings.linkCopied(timeOfDay(at)));
    else toast(m.recordings.notCopied, "bad");
  };
  return (
    <form
      class="go-to"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      <label>
        {m.recordings.dateTime}
        <input ref={field} type="datetime-local" step="1" />
      </label>
      <button type="submit" class="small">
        {m.recordings.go}
      </button>
      <button type="button" class="small quiet" disabled={playback.at.value === null} onClick={() => void copy()}>
        <Icon name="copy" />
        {m.recordings.copyLink}
      </button>
    </form>
  );
}
