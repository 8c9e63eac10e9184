// No page has texts of its own: what people read stands in the message files, in every language.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = join(__dirname, "..");

/** Names that are the same in every language, and words of commands. */
const NAMES = new Set(["streamwarden", "Streamwarden", "MediaMTX", "CPU", "ffmpeg", "WHEP", "WHIP", "VLC", "OBS"]);
/** Properties and attributes whose text is read by people. */
const READ = new Set(["label", "title", "aria-label", "aria-valuetext", "placeholder", "hint", "action", "words", "none", "alt", "caption", "detail", "done"]);

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "words" ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.(test|bench)\.ts$|generated|\.d\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** Words of a language: no name, no address, no example of a command. */
function isText(text: string): boolean {
  const words = text.trim().split(/\s+/).filter((word) => /\p{L}{2,}/u.test(word) && !NAMES.has(word));
  return words.length > 0 && !/:\/\/|^streamwarden |^\d+(\.\d+){3}$|^--/.test(text);
}

/** A sentence, wherever it stands. */
function isSentence(text: string): boolean {
  return isText(text) && /^\p{Lu}?\p{L}+,? \p{L}+(,? \p{L}+|[.:…])/u.test(text.trim());
}

function nameOf(node: ts.Node): string {
  if (ts.isJsxAttribute(node)) return node.name.getText();
  return ts.isPropertyAssignment(node) ? node.name.getText().replaceAll('"', "") : "";
}

/** The attribute or property that a literal is the value of, through choices and templates. */
function placeOf(node: ts.Node): string {
  let above = node.parent;
  while (ts.isConditionalExpression(above) || ts.isJsxExpression(above) || ts.isTemplateExpression(above) || ts.isTemplateSpan(above) || ts.isParenthesizedExpression(above)) above = above.parent;
  return nameOf(above);
}

/** A selector of the page's own elements. */
function isSelector(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isCallExpression(parent) && ts.isPropertyAccessExpression(parent.expression) && /^(querySelector(All)?|closest|matches)$/.test(parent.expression.name.text);
}

function found(text: string, path: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const all: string[] = [];
  const look = (node: ts.Node): void => {
    const literal = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node);
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isJsxText(node) && isText(node.text)) all.push(node.text.trim());
    if (literal && !isSelector(node)) {
      const place = placeOf(node);
      if (place !== "class" && (READ.has(place) ? isText(node.text) : isSentence(node.text))) all.push(node.text);
    }
    ts.forEachChild(node, look);
  };
  look(file);
  return all;
}

describe("texts of sources", () => {
  it.each([
    ['const a = <p title="Nothing here">Some words</p>;', ["Nothing here", "Some words"]],
    ["const a = <p class=\"some more classes\">{m.x}</p>;", []],
    ["const a = { label: open ? `Stop ${name}` : '' };", ["Stop "]],
    ['throw new Error("the file is too large");', ["the file is too large"]],
    ["const a = <code>streamwarden</code>;", []],
    ['const a = "rtsp://127.0.0.1:8554/test";', []],
  ])("are seen: %s", (text, wanted) => expect(found(text, "a.tsx")).toEqual(wanted));

  it("stand in the message files alone", () => {
    const all = sources(root);
    expect(all.length).toBeGreaterThan(100);
    const faults = all.flatMap((path) => found(readFileSync(path, "utf8"), path).map((text) => `${path.slice(root.length + 1)}: ${text}`));
    expect(faults).toEqual([]);
  });
});
