// Cameras from a file: what it would change and what is wrong with it, by line, before anything is changed.

import "../styles/import.css";
import type { ComponentChildren, VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, sentence } from "../api";
import { closeDialog, Dialog, openDialog } from "../components/dialog";
import { Icon, Sign, type SignName } from "../components/icons";
import { toast } from "../components/toast";
import { capital } from "../format";
import { decode, forecast, outcome } from "../import_words";
import type { ImportResult } from "../types";
import { m } from "../words/language";

/** The server takes no more. */
const LARGEST = 8_000_000;
/** Faults that are listed; the rest are counted. */
const MOST = 100;

export function openImport(): void {
  openDialog(<Import />);
}

interface Said {
  tone: SignName;
  words: string;
  faults: ImportResult["faults"];
}

function Import(): VNode {
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState("");
  const [said, setSaid] = useState<Said | null>(null);
  const [work, setWork] = useState(0);
  const [rests, setRests] = useState(true);
  const csv = useRef("");
  /** The answer to an older file must not be shown for a newer one. */
  const turn = useRef(0);
  const say = (tone: SignName, words: string, faults: ImportResult["faults"] = []) => setSaid({ tone, words, faults });

  const draw = (result: ImportResult) => {
    const { faults, added, changed } = result;
    setWork(added + changed);
    setRests(faults.length > 0 || added + changed === 0);
    if (faults.length === 0) say(added + changed === 0 ? "off" : "good", forecast(result));
    else say("bad", m.importing.faults(faults.length), faults);
  };
  const read = async (chosen: File) => {
    const mine = (turn.current += 1);
    setRests(true);
    setFile(chosen.name);
    say("busy", m.importing.checking);
    try {
      if (chosen.size > LARGEST) throw new Error(m.importing.large);
      const text = decode(await chosen.arrayBuffer());
      if (text === null) throw new Error(m.importing.noText);
      const result = await api.importCameras(text, true);
      if (mine !== turn.current) return;
      csv.current = text;
      draw(result);
    } catch (error) {
      if (mine === turn.current) say("bad", capital(sentence(error)));
    }
  };
  const run = async () => {
    setRests(true);
    try {
      const result = await api.importCameras(csv.current, false);
      if (result.faults.length > 0) {
        draw(result);
        return;
      }
      toast(outcome(result));
      closeDialog();
    } catch (error) {
      say("bad", capital(sentence(error)));
      setRests(false);
    }
  };
  const pick = () => {
    if (input.current === null) return;
    // The same file, mended, is a new one.
    input.current.value = "";
    input.current.click();
  };
  return (
    <Dialog title={m.importing.title}>
      <form
        class="import"
        onSubmit={(event) => {
          event.preventDefault();
          if (!rests) void run();
        }}
      >
        <p class="lead">
          {m.importing.lead}
        </p>
        <div class="pick-file">
          <button type="button" data-focus onClick={pick}>
            <Icon name="up" />
            {m.importing.choose}
          </button>
          <span class="chosen">{file}</span>
          <input
            ref={input}
            type="file"
            accept=".csv,text/csv"
            class="unseen"
            tabIndex={-1}
            aria-hidden="true"
            onChange={(event) => {
              const chosen = event.currentTarget.files?.[0];
              if (chosen !== undefined) void read(chosen);
            }}
          />
        </div>
        <div class="forecast" role="status" hidden={said === null}>
          {said === null ? null : <Forecast {...said} />}
        </div>
        <div class="actions">
          <button type="button" onClick={closeDialog}>
            {m.shell.cancel}
          </button>
          <button type="submit" class="primary" disabled={rests}>
            {work === 0 ? m.importing.action : m.importing.actionOf(work)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Forecast({ tone, words, faults }: Said): VNode {
  const more = faults.length - MOST;
  const rest: ComponentChildren = more > 0 ? <p>{m.importing.moreFaults(more)}</p> : null;
  return (
    <>
      <p class="verdict badge" data-tone={tone}>
        <Sign kind={tone} />
        <span>{words}</span>
      </p>
      {faults.length === 0 ? null : (
        <ul class="faults" tabIndex={0} aria-label={m.importing.faultList}>
          {faults.slice(0, MOST).map((one) => (
            <li>
              <b>{m.importing.line(one.line)}</b>
              {one.field === null || one.field === "" ? "" : `, ${one.field}`}: <span>{one.message}</span>
            </li>
          ))}
        </ul>
      )}
      {rest}
    </>
  );
}
