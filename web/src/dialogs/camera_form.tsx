// The form that adds a camera or changes one: loads what is, tests it, saves what differs. What the server refuses is shown
// beside the field it names.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, noRoute, Problem, sentence } from "../api";
import { sourceKey, texts, type Text } from "../camera_edit";
import { fullTitle } from "../camera_words";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { FormEnd } from "../components/form_end";
import { Skeleton } from "../components/empty";
import { Finding, CameraProbe, ProbeButton } from "../components/probe";
import { toast } from "../components/toast";
import { capital } from "../format";
import type { CameraEdit, CameraKind, CameraSettings, CameraStatus } from "../types";
import { m } from "../words/language";
import { CameraFields, CameraToggles, focusField } from "./camera_fields";
import { Conflict } from "./conflict";
import { Draft } from "./draft";

/** A camera as it was loaded, with the version that a change of it names. */
interface Loaded {
  settings: CameraSettings;
  tag: string | null;
}

/** `done` runs when the camera was saved. */
export function openCameraForm(camera: CameraStatus | null, done: () => void = () => undefined): void {
  openDialog(<Opening camera={camera} done={done} />);
}

/** The dialog opens at once; what it shows is on its way. */
function Opening({ camera, done }: { camera: CameraStatus | null; done: () => void }): VNode {
  const [found, setFound] = useState<{ kinds: CameraKind[]; loaded: Loaded | null } | { fault: string } | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    Promise.all([api.cameraKinds(abort.signal), camera === null ? null : api.cameraSettings(camera.id, abort.signal)]).then(
      ([kinds, loaded]) => {
        setDraft(new Draft(loaded?.settings ?? null, kinds.items));
        setFound({ kinds: kinds.items, loaded });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setFound({ fault: sentence(error) });
      },
    );
    return () => abort.abort();
  }, []);
  return (
    <Dialog title={camera === null ? m.form.add : m.form.edit(fullTitle(camera))} unsaved={() => draft?.unsaved() ?? false}>
      {found === null ? <Skeleton label={m.form.loading} /> : null}
      {found !== null && "fault" in found ? (
        <p class="form-fault" role="alert">
          {m.form.notOpened(found.fault)}
        </p>
      ) : null}
      {draft !== null && found !== null && "loaded" in found ? <CameraForm draft={draft} first={found.loaded} done={done} /> : null}
    </Dialog>
  );
}

function CameraForm({ draft, first, done }: { draft: Draft; first: Loaded | null; done: () => void }): VNode {
  const [loaded, setLoaded] = useState(first);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [theirs, setTheirs] = useState<Loaded | null>(null);
  const [untested, setUntested] = useState(false);
  const [tested] = useState({ key: "" });

  const complain = (name: string, words: string): boolean => {
    if (!texts.includes(name as Text) || !draft.shown().has(name as Text)) return false;
    draft.touch(name as Text, { said: words });
    focusField(name);
    return true;
  };
  const check = (only?: (name: string) => boolean): boolean => {
    const wrong = draft.check(only);
    if (wrong !== null) focusField(wrong);
    return wrong === null;
  };
  const [look] = useState(
    () =>
      new CameraProbe(
        async (signal) => {
          // A camera is tested before one finds a name for it.
          if (!check((name) => name !== "name" && name !== "label")) return null;
          const edit = draft.edit();
          tested.key = sourceKey(edit);
          const { name: _name, label: _label, enabled: _enabled, record: _record, ...source } = edit;
          return api.probe(source, draft.loaded?.id ?? null, signal);
        },
        (error) => {
          // What is no finding about the camera: shown beside its field, or the button goes where nobody can look.
          if (noRoute(error)) setUntested(true);
          return noRoute(error) || (error instanceof Problem && error.field !== null && complain(error.field, error.message));
        },
      ),
  );
  useEffect(() => focusField(first === null ? "name" : first.settings.url === null ? "host" : "url"), []);
  const key = sourceKey(draft.edit());
  useEffect(() => look.old(tested.key === "" || key === tested.key ? null : m.form.changedSince), [key]);

  const save = async (edit: CameraEdit, tag: string | null) => {
    setBusy(true);
    setFault(null);
    try {
      if (loaded === null) toast(m.form.added(fullTitle(await api.addCamera(edit))));
      else if (Object.keys(edit).length > 0) toast(m.form.changed(fullTitle(await api.editCamera(loaded.settings.id, edit, tag))));
      closeDialog();
      done();
    } catch (error) {
      setBusy(false);
      if (error instanceof Problem && error.status === 412 && loaded !== null) {
        // Somebody else was faster: nothing is saved until a person has chosen.
        await api.cameraSettings(loaded.settings.id).then(setTheirs, refuse);
      } else refuse(error);
    }
  };
  const refuse = (error: unknown) => {
    const found = error instanceof Problem ? error : null;
    // Of all that a camera is, only its name can be taken already.
    const name = found?.field ?? (found?.status === 409 ? "name" : null);
    if (name !== null && complain(name, sentence(error))) return;
    setFault(capital(name === null ? sentence(error) : `${name}: ${sentence(error)}`));
  };
  const load = (now: Loaded) => {
    setTheirs(null);
    setLoaded(now);
    draft.load(now.settings);
    document.querySelector<HTMLElement>(".camera-form [type=submit]")?.focus();
  };
  const overwrite = (now: Loaded) => {
    // By what is in the form now: one may have typed on.
    if (!check()) return;
    const edit = draft.edit();
    setTheirs(null);
    void save(edit, now.tag);
  };

  const resting = busy || theirs !== null;
  return (
    <form
      class="camera-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!resting && check()) void save(draft.edit(), loaded?.tag ?? null);
      }}
    >
      <CameraFields draft={draft} />
      {untested ? null : (
        <section class="test-camera" aria-label={m.form.test}>
          <ProbeButton look={look} label={m.form.testThis} />
          <Finding look={look} />
        </section>
      )}
      <CameraToggles draft={draft} />
      {theirs === null || loaded === null ? null : (
        <div class="conflict-place">
          <Conflict loaded={loaded.settings} theirs={theirs.settings} edit={draft.edit()} load={() => load(theirs)} overwrite={() => overwrite(theirs)} />
        </div>
      )}
      <FormEnd fault={fault} busy={busy} unfit={resting} action={loaded === null ? m.form.addAction : m.form.save} />
    </form>
  );
}
