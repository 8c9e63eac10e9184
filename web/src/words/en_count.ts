// Numbers in English texts.

export const count = (number: number) => number.toLocaleString("en-GB");

/** A number with its word: `1 stream`, `2 streams`. */
export const s = (number: number, one: string, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
