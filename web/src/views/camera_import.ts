// Cameras from a file: what it would change and what is wrong with it, by line, before anything is changed.

import { api, sentence } from "../api";
import { capital, plural } from "../format";
import { decode, forecast, outcome } from "../import_words";
import type { ImportResult } from "../types";
import { openDialog } from "../ui/dialog";
import { h, replace, show, text } from "../ui/dom";
import { icon, sign } from "../ui/icons";
import { toast } from "../ui/toast";

/** The server takes no more. */
const LARGEST = 8_000_000;
/** Faults that are listed; the rest are counted. */
const MOST = 100;

export function openImport(): void {
  new ImportDialog();
}

class ImportDialog {
  private readonly input = h("input", { type: "file", accept: ".csv,text/csv", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
  private readonly choose = h("button", { type: "button", onclick: () => this.pick() }, icon("up"), "Choose a CSV file");
  private readonly chosen = h("span", { class: "chosen" });
  private readonly result = h("div", { class: "forecast", role: "status", hidden: true });
  private readonly submit = h("button", { type: "submit", class: "primary", disabled: true }, "Import");
  private readonly dialog;
  private csv = "";
  /** The answer to an older file must not be shown for a newer one. */
  private turn = 0;

  constructor() {
    const form = h(
      "form",
      { class: "import" },
      h("p", { class: "lead" }, "One camera a line, the columns named in the first line, as in an exported file. A camera with a known name is changed, others are added; none is deleted. An empty password stays as it is."),
      h("div", { class: "pick-file" }, this.choose, this.chosen, this.input),
      this.result,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"), this.submit),
    );
    this.input.addEventListener("change", () => void this.read());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.submit.disabled) void this.run();
    });
    this.dialog = openDialog("Import cameras", form, () => (this.turn += 1));
    this.choose.focus();
  }

  private pick(): void {
    // The same file, mended, is a new one.
    this.input.value = "";
    this.input.click();
  }

  private async read(): Promise<void> {
    const file = this.input.files?.[0];
    if (file === undefined) return;
    this.turn += 1;
    const { turn } = this;
    this.rest(true);
    text(this.chosen, file.name);
    this.say("busy", "Checking what it would change…");
    try {
      if (file.size > LARGEST) throw new Error("the file is larger than 8 MB, which is more than the server takes");
      const csv = decode(await file.arrayBuffer());
      if (csv === null) throw new Error("the file is no UTF-8 text; save it as “CSV UTF-8”");
      const result = await api.importCameras(csv, true);
      if (turn !== this.turn) return;
      this.csv = csv;
      this.draw(result);
    } catch (error) {
      if (turn === this.turn) this.say("bad", capital(sentence(error)));
    }
  }

  private draw(result: ImportResult): void {
    const { faults } = result;
    const work = result.added + result.changed;
    this.rest(faults.length > 0 || work === 0);
    text(this.submit, work === 0 ? "Import" : `Import ${plural(work, "camera")}`);
    if (faults.length === 0) {
      this.say(work === 0 ? "off" : "good", forecast(result));
      return;
    }
    const rows = faults.slice(0, MOST).map((one) => h("li", {}, h("b", {}, `Line ${one.line}`), one.field === null || one.field === "" ? "" : `, ${one.field}`, ": ", h("span", {}, one.message)));
    const more = faults.length - rows.length;
    this.say("bad", `${plural(faults.length, "fault")}. Nothing is imported while a line is wrong: mend the file and choose it again.`, h("ul", { class: "faults", tabindex: "0", "aria-label": "Faults" }, rows), more > 0 ? h("p", {}, `${plural(more, "fault")} more`) : null);
  }

  private async run(): Promise<void> {
    this.rest(true);
    try {
      const result = await api.importCameras(this.csv, false);
      if (result.faults.length > 0) {
        this.draw(result);
        return;
      }
      toast(outcome(result));
      this.dialog.close();
    } catch (error) {
      this.say("bad", capital(sentence(error)));
      this.rest(false);
    }
  }

  private rest(rests: boolean): void {
    this.submit.disabled = rests;
  }

  private say(tone: "busy" | "good" | "bad" | "off", words: string, ...more: (Node | null)[]): void {
    replace(this.result, h("p", { class: "verdict badge", "data-tone": tone }, sign(tone), h("span", {}, words)), more);
    show(this.result, true);
  }
}
