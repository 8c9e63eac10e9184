// Buttons that do something on the server: they rest meanwhile, say after a moment that they wait, and a failure is told.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sentence } from "../api";
import { capital } from "../format";
import { Sign } from "./icons";
import { toast } from "./toast";

/** Shorter waits are not worth a sign, ms. */
const SOON = 300;

/** The sign of waiting, once it has lasted. */
export function Waiting({ busy }: { busy: boolean }): VNode | null {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!busy) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), SOON);
    return () => clearTimeout(timer);
  }, [busy]);
  return late ? <Sign kind="busy" /> : null;
}

/** Runs a command; a failure is told. True when it was done. */
export async function command(run: () => Promise<unknown>, done: string | null): Promise<boolean> {
  try {
    await run();
    if (done !== null) toast(done);
    return true;
  } catch (error) {
    toast(capital(sentence(error)), "bad");
    return false;
  }
}

interface Props {
  label: string;
  kind?: string;
  run: () => Promise<unknown>;
  /** What is said when it was done. */
  done: string;
  children: ComponentChildren;
}

export function CommandButton({ label, kind = "small", run, done, children }: Props): VNode {
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    await command(run, done);
    setBusy(false);
  };
  return (
    <button type="button" class={kind} aria-label={label} disabled={busy} onClick={() => void act()}>
      <Waiting busy={busy} />
      {children}
    </button>
  );
}
