// Cameras: what each restream does, and adding, changing, restarting, deleting them.

import type { VNode } from "preact";
import { query, writeQuery } from "../../address";
import { exportUrl } from "../../api";
import { titleOf } from "../../camera_words";
import { Empty, Skeleton } from "../../components/empty";
import { flag } from "../../components/dom";
import { Icon } from "../../components/icons";
import { Search } from "../../components/search";
import { parseSort, sortWords, type Sort } from "../../components/sort";
import { DataTable } from "../../components/table";
import { useTitle } from "../../components/title";
import { openCameraForm } from "../../dialogs/camera_form";
import { openImport } from "../../dialogs/import";
import { plural } from "../../format";
import { live, stale, waiting } from "../../model";
import type { CameraStatus } from "../../types";
import { remembered } from "../../browser/memory";
import { cameraOrder } from "../../words/states";
import { HeldPlanPanel } from "./held_plan";
import { CameraRow } from "./row";

const columns = [
  { key: "name", label: "Camera" },
  { key: "state", label: "State" },
  { key: "restarts", label: "Restarts" },
  { key: "record", label: "Recording", sortable: false },
  { key: "enabled", label: "Enabled" },
  { key: "actions", label: "Actions", sortable: false },
] as const;

type Column = (typeof columns)[number]["key"];

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
  useTitle("Cameras");
  const filter = query.value.get("q") ?? "";
  const sort = parseSort<Column>(query.value.get("sort") ?? memory.get(), columns);
  const cameras = [...live.value.cameras.values()];
  const shown = cameras.filter((one) => filter.trim() === "" || matches(one, filter.trim())).sort(compare(sort));
  const running = cameras.filter((camera) => camera.state === "running").length;
  const enabled = cameras.filter((camera) => camera.enabled).length;
  return (
    <section class="page" aria-labelledby="cameras-title" data-stale={flag(stale.value)}>
      <div class="headline">
        <div>
          <h1 id="cameras-title">Cameras</h1>
          <p class="lead">{cameras.length === 0 ? "" : `${running} of ${plural(enabled, "enabled camera")} running`}</p>
        </div>
        <div class="buttons">
          <a class="button quiet" href={exportUrl} download="cameras.csv" aria-label="Export the cameras as CSV">
            <Icon name="down" />
            <span class="words">Export</span>
          </a>
          <button type="button" class="quiet" aria-label="Import cameras from CSV" onClick={openImport}>
            <Icon name="up" />
            <span class="words">Import</span>
          </button>
          <AddButton label="Add camera" />
        </div>
      </div>
      <HeldPlanPanel />
      {cameras.length < 8 && filter === "" ? null : (
        <div class="tools">
          <Search label="Filter cameras" value={filter} change={(words) => writeQuery({ q: words })} />
          <p class="shown" role="status">
            {shown.length === cameras.length ? "" : `${shown.length.toLocaleString("en-GB")} of ${cameras.length.toLocaleString("en-GB")} shown`}
          </p>
        </div>
      )}
      <div class="panel">
        {shown.length === 0 ? (
          <Nothing filtered={cameras.length > 0} />
        ) : (
          <DataTable
            kind="cameras"
            caption="Cameras, updated live"
            headings={columns}
            sort={sort}
            choose={(next) => {
              memory.set(sortWords(next));
              writeQuery({ sort: sortWords(next) });
            }}
            items={shown}
            keyOf={(camera) => String(camera.id)}
            estimate={72}
            row={(camera, place) => <CameraRow key={camera.id} camera={camera} place={place} />}
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
      <Empty title="No camera matches">
        <button type="button" onClick={() => writeQuery({ q: null })}>
          Show all cameras
        </button>
      </Empty>
    );
  }
  if (waiting.value === "lost") {
    return (
      <Empty title="Nothing to show yet">
        <p>The cameras appear as soon as Streamwarden answers.</p>
      </Empty>
    );
  }
  if (waiting.value === "loading") {
    return (
      <div class="empty">
        <Skeleton label="Loading cameras" />
      </div>
    );
  }
  return (
    <Empty title="No camera yet">
      <p>Tell Streamwarden where a camera is. It looks what the camera sends, pulls it in with an ffmpeg of its own, and starts that again whenever it fails.</p>
      <AddButton label="Add the first camera" />
    </Empty>
  );
}
