// Числа в русских текстах.

export const count = (number: number) => number.toLocaleString("ru-RU");
const rules = new Intl.PluralRules("ru");

/** Число со словом: `1 поток`, `2 потока`, `5 потоков`. */
export function s(number: number, one: string, few: string, many: string): string {
  const rule = rules.select(number);
  return `${count(number)} ${rule === "one" ? one : rule === "few" ? few : many}`;
}
