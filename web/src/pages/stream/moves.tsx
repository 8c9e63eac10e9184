// How a person moves over the time that charts show: a span, earlier and later, closer and wider, any two moments, back to live.

import type { VNode } from "preact";
import { serverNow } from "../../api";
import { dateTime } from "../../format";
import { m } from "../../words/language";
import { choiceOf, choose, fillFields, goLive, momentsOf, show, spans, widened, type Span } from "./span";

export function Spans({ span }: { span: Span }): VNode {
  return (
    <div class="spans" role="group" aria-label={m.stream.span}>
      {spans.map((one) => (
        <button key={one.key} type="button" class="small" aria-pressed={span.key === one.key} onClick={() => choose(one.key)}>
          {m.stream.spans[one.key]}
        </button>
      ))}
    </div>
  );
}

/** Earlier, later, wider, closer, and any two moments. */
export function Moves({ span }: { span: Span }): VNode {
  const { pan } = choiceOf(span, serverNow);
  const widen = (factor: number) => show(widened(momentsOf(span, serverNow()), factor, serverNow()));
  // When it opens, and not while somebody writes: what follows now moves on.
  const fill = (menu: HTMLElement) => fillFields(menu, momentsOf(span, serverNow()));
  return (
    <div class="zoomed">
      <div class="buttons" role="group" aria-label={m.stream.move}>
        <button type="button" class="small" aria-label={m.stream.earlier} title={m.stream.earlier} onClick={() => pan(-0.5)}>
          ‹
        </button>
        <button type="button" class="small" aria-label={m.stream.later} title={m.stream.later} disabled={span.from === null} onClick={() => pan(0.5)}>
          ›
        </button>
        <button type="button" class="small" aria-label={m.stream.closer} title={m.stream.closer} onClick={() => widen(0.5)}>
          +
        </button>
        <button type="button" class="small" aria-label={m.stream.wider} title={m.stream.wider} onClick={() => widen(2)}>
          −
        </button>
      </div>
      <details class="menu" onToggle={(event) => event.currentTarget.open && fill(event.currentTarget)}>
        <summary class="button small">{m.stream.range}</summary>
        <form
          class="menu-body"
          onSubmit={(event) => {
            event.preventDefault();
            const { elements } = event.currentTarget;
            const at = (name: string) => Date.parse((elements.namedItem(name) as HTMLInputElement).value);
            if (!(at("from") < at("to"))) return;
            show({ from: at("from"), to: at("to") });
            const menu = event.currentTarget.closest("details");
            if (menu !== null) menu.open = false;
          }}
        >
          {(["from", "to"] as const).map((one) => (
            <label key={one}>
              {m.stream[one]}
              <input name={one} type="datetime-local" step="1" required />
            </label>
          ))}
          <button type="submit" class="small primary">
            {m.stream.show}
          </button>
        </form>
      </details>
      <span class="by-drag">{m.zoom.byDrag}</span>
      {span.from === null ? (
        <span class="live-mode">{m.stream.followsNow}</span>
      ) : (
        <>
          <span>
            {dateTime(span.from)} – {dateTime(span.to ?? 0)}
          </span>
          <button type="button" class="small" onClick={goLive}>
            {m.stream.backToLive}
          </button>
        </>
      )}
    </div>
  );
}
