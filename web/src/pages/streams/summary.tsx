// The strip of figures above the table: each state is also a button that shows only its streams.

import type { VNode } from "preact";
import { Sign, type SignName } from "../../components/icons";
import { flag } from "../../components/dom";
import { bitrate } from "../../format";
import { known, live } from "../../model";
import { count } from "../../stream_lines";
import { m } from "../../words/language";
import { tiles, type Tile } from "./order";

const looks: Record<Tile, { sign: SignName; tone: string; always: boolean }> = {
  live: { sign: "good", tone: "good", always: true },
  stalled: { sign: "warn", tone: "warn", always: true },
  offline: { sign: "bad", tone: "bad", always: true },
  unknown: { sign: "unknown", tone: "off", always: false },
  recording: { sign: "rec", tone: "rec", always: true },
};

export function Summary({ chosen, choose }: { chosen: Tile | null; choose: (tile: Tile | null) => void }): VNode {
  const counts = count(live.value);
  const shown = (value: number) => (known.value ? m.units.number(value) : "–");
  return (
    <div class="summary">
      <div class="tiles" role="group" aria-label={m.streams.only}>
        {tiles.map((tile) => (
          <button
            key={tile}
            type="button"
            class="tile"
            data-tone={looks[tile].tone}
            data-zero={flag(counts[tile] === 0)}
            aria-pressed={chosen === tile}
            hidden={!looks[tile].always && counts[tile] === 0 && chosen !== tile}
            onClick={() => choose(chosen === tile ? null : tile)}
          >
            <b>{shown(counts[tile])}</b>
            <span>
              <Sign kind={looks[tile].sign} />
              {m.streams.tiles[tile]}
            </span>
          </button>
        ))}
      </div>
      <dl class="totals">
        <div>
          <dt>{m.streams.incoming}</dt>
          <dd>
            <b>{known.value ? bitrate(counts.bitrate) : "–"}</b>
          </dd>
        </div>
        <div>
          <dt>{m.streams.readers}</dt>
          <dd>
            <b>{shown(counts.readers)}</b>
          </dd>
        </div>
      </dl>
    </div>
  );
}
