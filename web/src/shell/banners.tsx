// The strip that says what is wrong with the whole page. A screen reader hears each trouble once; the seconds that count
// beside it are silent.

import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { serverNow } from "../api";
import { Icon } from "../components/icons";
import { actions, clock, model } from "../model";
import { href } from "../router";
import { m } from "../words/language";
import { remember, troubles, type PastTroubles, type Trouble } from "../words/troubles";

const buttons: Record<NonNullable<Trouble["action"]>, { label: () => string; run: () => void }> = {
  retry: { label: () => m.troubles.tryNow, run: () => actions.retry() },
  plan: { label: () => m.troubles.seeIt, run: () => (location.hash = href({ page: "cameras" })) },
  reload: { label: () => m.shell.reload, run: () => location.reload() },
};

export function Banners(): VNode {
  const told = useRef<PastTroubles>({ of: null, back: null });
  const at = clock.value;
  told.current = remember(told.current, model.value, at);
  return (
    <div class="banners" role="status" aria-live="polite" aria-label={m.troubles.label}>
      {troubles(model.value, told.current, at, serverNow()).map((one) => (
        <Banner key={`${one.key} ${one.tone}`} trouble={one} />
      ))}
    </div>
  );
}

function Banner({ trouble }: { trouble: Trouble }): VNode {
  const button = trouble.action === null ? null : buttons[trouble.action];
  return (
    <div class={`banner ${trouble.tone}`} data-key={trouble.key}>
      <Icon name={trouble.key === "connection" ? "unplug" : trouble.tone === "good" ? "check" : "warn"} />
      <p>
        <strong>{trouble.title}</strong> <span>{trouble.detail}</span>{" "}
        <span class="ticking" aria-hidden="true">
          {trouble.ticking}
        </span>
      </p>
      {button === null ? null : (
        <button type="button" class="small" onClick={button.run}>
          {button.label()}
        </button>
      )}
    </div>
  );
}
