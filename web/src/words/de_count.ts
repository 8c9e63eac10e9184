// Zahlen in deutschen Texten.

export const count = (number: number) => number.toLocaleString("de-DE");

/** Zahl mit Wort: `1 Strom`, `2 Ströme`. */
export const s = (number: number, one: string, many: string) => `${count(number)} ${number === 1 ? one : many}`;
