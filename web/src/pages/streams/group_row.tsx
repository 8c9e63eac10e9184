// A group of streams in the table: what they have in common, how many are not live, and which one is worst off.

import type { VNode } from "preact";
import { titleOf } from "../../camera_words";
import { Badge } from "../../components/badge";
import { Icon } from "../../components/icons";
import type { RowPlace } from "../../components/table";
import { ago } from "../../format";
import { now } from "../../model";
import { href } from "../../router";
import { lineSince, reasonOf } from "../../stream_lines";
import { m } from "../../words/language";
import { streamLook } from "../../words/states";
import type { Group, Grouping } from "./groups";

interface Props {
  place: RowPlace;
  group: Group;
  by: Grouping;
  open: boolean;
  toggle: () => void;
  columns: number;
}

export function GroupRow({ place, group, by, open, toggle, columns }: Props): VNode {
  const { key, lines, bad, worst } = group;
  const { stream, camera } = worst;
  const title = key === "" ? (by === "host" ? m.overview.noHost : m.overview.noPrefix) : key;
  const why = reasonOf(worst);
  return (
    <tr role="row" {...place} class="group" data-group={key} data-bad={bad}>
      <th scope="rowgroup" role="rowheader" colSpan={columns}>
        <span class="line">
          <button type="button" class="quiet toggle-group" aria-expanded={open} onClick={toggle}>
            <Icon name="chevron" />
            <b>{title}</b>
          </button>
          <small>{bad === 0 ? m.overview.allLive(lines.length) : m.overview.notLive(bad, lines.length)}</small>
          {bad === 0 ? (
            <Badge looks={streamLook} state="live" />
          ) : (
            <span class="worst">
              <Badge looks={streamLook} state={stream.state} />
              <a href={href({ page: "stream", server: stream.server, name: stream.name })}>{camera === null ? stream.name : titleOf(camera)}</a>
              <small>{m.overview.lasting(ago(lineSince(worst), now.value))}</small>
              {why === "" ? null : <small class="cause">{why}</small>}
            </span>
          )}
        </span>
      </th>
    </tr>
  );
}
