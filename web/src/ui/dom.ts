// The whole render layer: makes elements, changes only what differs, and keeps keyed lists in order without
// rebuilding them. No inline styles in markup and no HTML strings: the page runs under a strict content policy.

export type Child = Node | string | number | null | undefined | false | readonly Child[];

type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Props = Record<string, Value>;

function append(parent: Node, child: Child): void {
  if (child === null || child === undefined || child === false) return;
  if (child instanceof Node) parent.appendChild(child);
  else if (typeof child === "object") for (const one of child) append(parent, one);
  else parent.appendChild(document.createTextNode(String(child)));
}

function apply(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value as EventListener);
    else set(element, name === "class" ? "class" : name, value);
  }
}

/** Makes an element: `h("button", { class: "quiet", onclick: save }, "Save")`. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props);
  append(element, children);
  return element;
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, props);
  append(element, children);
  return element;
}

/** Sets or removes an attribute, only when it differs. `true` is the empty attribute. */
export function set(element: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text, only when it differs: selections and screen readers are left in peace. */
export function text(node: Node, value: string | number): void {
  const words = String(value);
  if (node.textContent !== words) node.textContent = words;
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.textContent = "";
  append(parent, children);
}

export interface Row<T> {
  element: HTMLElement;
  update(item: T): void;
  close?(): void;
}

/** A list of elements, one per key: existing ones are updated and moved, never rebuilt, so focus and scroll stay. */
export class Keyed<T, K> {
  private readonly rows = new Map<K, Row<T>>();
  private readonly parent: HTMLElement;
  private readonly make: (item: T) => Row<T>;

  constructor(parent: HTMLElement, make: (item: T) => Row<T>) {
    this.parent = parent;
    this.make = make;
  }

  render(items: readonly T[], key: (item: T) => K): void {
    const wanted = new Set(items.map(key));
    for (const [known, row] of this.rows) {
      if (wanted.has(known)) continue;
      row.close?.();
      row.element.remove();
      this.rows.delete(known);
    }
    let place: Element | null = this.parent.firstElementChild;
    for (const item of items) {
      const name = key(item);
      let row = this.rows.get(name);
      if (row === undefined) {
        row = this.make(item);
        this.rows.set(name, row);
      }
      row.update(item);
      if (row.element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(row.element, place);
    }
  }

  each(visit: (row: Row<T>) => void): void {
    for (const row of this.rows.values()) visit(row);
  }

  close(): void {
    for (const row of this.rows.values()) row.close?.();
    this.rows.clear();
  }
}
