// Cameras: what each restream does, and adding, changing, restarting, deleting them.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { query, writeQuery } from "../../address";
import { exportUrl } from "../../api";
import { titleOf } from "../../camera_words";
import { ForOperators, ViewOnly } from "../../components/access";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import { Search } from "../../components/search";
import { parseSort, sortWords, type Heading, type Sort } from "../../components/sort";
import { DataTable } from "../../components/table";
import { useTitle } from "../../components/title";
import { openCameraForm } from "../../dialogs/camera_form";
import { openImport } from "../../dialogs/import";
import { live, stale, waiting } from "../../model";
import type { CameraStatus } from "../../types";
import { remembered } from "../../browser/memory";
import { m } from "../../words/language";
import { cameraOrder } from "../../words/states";
import { BlockedChangePanel } from "./blocked_change";
import { CameraRow } from "./row";
import { Selection, SelectionBar } from "./selection";

const keys = ["name", "state", "restarts", "record", "enabled", "actions"] as const;
type Column = (typeof keys)[number];

function headings(): Heading<Column>[] {
  return keys.map((key) => ({ key, label: m.cameras.column[key], sortable: key !== "record" && key !== "actions" }));
}

const memory = remembered("cameras.sort", "name");
const byNumber = new Intl.Collator("en", { numeric: true });

function compare({ column, descending }: Sort<Column>): (a: CameraStatus, b: CameraStatus) => number {
  const byName = (a: CameraStatus, b: CameraStatus) => byNumber.compare(titleOf(a), titleOf(b)) || a.id - b.id;
  const rules: Partial<Record<Column, (a: CameraStatus, b: CameraStatus) => number>> = {
    state: (a, b) => cameraOrder[a.state] - cameraOrder[b.state],
    restarts: (a, b) => b.restarts - a.restarts,
    enabled: (a, b) => Number(b.enabled) - Number(a.enabled),
  };
  const order = (a: CameraStatus, b: CameraStatus) => rules[column]?.(a, b) || byName(a, b);
  return descending ? (a, b) => order(b, a) : order;
}

function matches(camera: CameraStatus, filter: string): boolean {
  const haystack = [camera.name, camera.label ?? "", camera.kind, camera.host ?? "", camera.state, camera.lastError ?? ""].join(" ").toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

export function CamerasPage(): VNode {
  useTitle(m.cameras.title);
  const filter = query.value.get("q") ?? "";
  const sort = parseSort<Column>(query.value.get("sort") ?? memory.get(), headings());
  const [selection] = useState(() => new Selection());
  const selecting = selection.ids.value !== null;
  const cameras = [...live.value.cameras.values()];
  const shown = cameras.filter((one) => filter.trim() === "" || matches(one, filter.trim())).sort(compare(sort));
  const running = cameras.filter((camera) => camera.state === "running").length;
  const enabled = cameras.filter((camera) => camera.enabled).length;
  return (
    <section class="page" aria-labelledby="cameras-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <div>
          <h1 id="cameras-title">{m.cameras.title}</h1>
          <p class="lead">{cameras.length === 0 ? "" : m.cameras.running(running, enabled)}</p>
        </div>
        <div class="buttons">
          <a class="button quiet" href={exportUrl} download="cameras.csv" aria-label={m.cameras.exportLabel}>
            <Icon name="down" />
            <span class="words">{m.cameras.exportIt}</span>
          </a>
          <ForOperators>
            {cameras.length < 2 ? null : (
              <button type="button" class="quiet" aria-pressed={selecting} aria-label={m.many.label} onClick={() => (selection.ids.value = selecting ? null : new Set())}>
                <Icon name="check" />
                <span class="words">{m.many.begin}</span>
              </button>
            )}
            <button type="button" class="quiet" aria-label={m.cameras.importLabel} onClick={openImport}>
              <Icon name="up" />
              <span class="words">{m.cameras.importIt}</span>
            </button>
            <AddButton label={m.cameras.add} />
          </ForOperators>
        </div>
      </div>
      <ViewOnly />
      <BlockedChangePanel />
      {cameras.length < 8 && filter === "" ? null : (
        <div class="tools">
          <Search label={m.cameras.filter} value={filter} change={(words) => writeQuery({ q: words })} />
          <p class="shown" role="status">
            {shown.length === cameras.length ? "" : m.overview.shown(shown.length, cameras.length)}
          </p>
        </div>
      )}
      <SelectionBar selection={selection} shown={shown} cameras={cameras} />
      <div class="panel">
        {shown.length === 0 ? (
          <Nothing filtered={cameras.length > 0} />
        ) : (
          <DataTable
            kind="cameras"
            caption={m.cameras.caption}
            headings={headings()}
            sort={sort}
            choose={(next) => {
              memory.set(sortWords(next));
              writeQuery({ sort: sortWords(next) });
            }}
            items={shown}
            keyOf={(camera) => String(camera.id)}
            estimate={72}
            row={(camera, place) => <CameraRow key={camera.id} camera={camera} place={place} selection={selection} />}
          />
        )}
      </div>
    </section>
  );
}

function AddButton({ label }: { label: string }): VNode {
  return (
    <button type="button" class="primary" onClick={() => openCameraForm(null)}>
      <Icon name="plus" />
      {label}
    </button>
  );
}

function Nothing({ filtered }: { filtered: boolean }): VNode {
  if (filtered) {
    return (
      <Empty title={m.cameras.noMatch}>
        <button type="button" onClick={() => writeQuery({ q: null })}>
          {m.cameras.showAll}
        </button>
      </Empty>
    );
  }
  if (waiting.value === "lost") {
    return (
      <Empty title={m.streams.nothing}>
        <p>{m.cameras.nothingWords}</p>
      </Empty>
    );
  }
  if (waiting.value === "loading") {
    return (
      <div class="empty">
        <Skeleton label={m.cameras.loading} />
      </div>
    );
  }
  return (
    <Empty title={m.cameras.noneYet}>
      <p>{m.cameras.noneYetWords}</p>
      <ForOperators>
        <AddButton label={m.cameras.addFirst} />
      </ForOperators>
    </Empty>
  );
}
