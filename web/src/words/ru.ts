// Что говорит страница, по-русски.

import type { Messages } from "./en";

const count = (number: number) => number.toLocaleString("ru-RU");
const rules = new Intl.PluralRules("ru");

/** Число со словом: `1 поток`, `2 потока`, `5 потоков`. */
function s(number: number, one: string, few: string, many: string): string {
  const rule = rules.select(number);
  return `${count(number)} ${rule === "one" ? one : rule === "few" ? few : many}`;
}

export const ru: Messages = {
  overview: {
    title: "Потоки",
    problems: "Что сейчас не так",
    more: (rest) => `Показать ещё ${count(rest)}`,
    fewer: "Показать меньше",
    since: (time) => `с ${time}`,
    lasting: (time) => `уже ${time}`,
    serverDown: (name) => `Сервер ${name} не отвечает`,
    unknownStreams: (number) => `Состояние неизвестно: ${s(number, "поток", "потока", "потоков")}.`,
    ofHost: (host, down, all) => `${down} из ${count(all)} камер на ${host}`,
    paused: (name) => `${name} не записывается`,
    restart: "Перезапустить",
    restarting: (name) => `${name}: перезапуск`,
    log: "Журнал",
    show: "Показать их",
    system: "Система",
    publish: "Никто не публикует по этому пути: запустите источник или добавьте камеру.",
    filter: "Фильтр потоков",
    shown: (some, all) => `показано ${count(some)} из ${count(all)}`,
    held: "Порядок не меняется, пока вы смотрите",
    sortNow: "Упорядочить",
    columns: "Столбцы",
    standard: "Обычные столбцы",
    dense: "Плотно",
    group: "Группировать",
    groups: { "": "нет", server: "по серверу", prefix: "по началу пути", host: "по хосту" },
    noPrefix: "без начала пути",
    noHost: "без камеры",
    allLive: (number) => s(number, "поток", "потока", "потоков"),
    notLive: (bad, all) => `не в эфире ${count(bad)} из ${count(all)}`,
    wall: "Стена",
    column: { name: "Поток", state: "Состояние", source: "Источник", bitrate: "Битрейт", day: "24 ч", readers: "Зрители", tracks: "Дорожки", recording: "Запись" },
    day: {
      notWatched: "не наблюдалось",
      part: (state, from, to) => `${state} ${from} – ${to}`,
      live: (percent) => `${percent} в эфире`,
      outages: (number) => s(number, "сбой", "сбоя", "сбоев"),
      unknown: "О прошедших сутках ничего не известно",
      loading: "Читаются прошедшие сутки",
    },
  },
  wall: {
    title: "Стена",
    full: "Во весь экран",
    troubleFirst: "Сначала сбои",
    none: "Нет потоков",
    slow: (seconds) => `Устройство занято: квадраты рисуются каждые ${seconds} с.`,
    noPictures: "Только квадраты: картинка каждого потока стоила бы по одному ffmpeg. Стрелки переходят между квадратами, Enter открывает, f — во весь экран.",
  },
  states: { live: "В эфире", stalled: "Застыл", offline: "Нет", unknown: "Неизвестно" },
};
