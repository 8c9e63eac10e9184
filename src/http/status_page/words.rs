//! The words of the page for viewers, in every language of the program.

use std::str::FromStr;

use crate::domain::public_status::{PublicKind, PublicState, PublicTrouble};

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    Russian,
}

impl Language {
    /// Every one, in the order of [`Language::place`].
    pub(super) const ALL: [Self; 3] = [Self::English, Self::German, Self::Russian];

    /// Its place among all.
    pub(super) fn place(self) -> usize {
        self as usize
    }

    /// Its tag (BCP 47).
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Russian => "ru",
        }
    }

    /// The one of ours that an `Accept-Language` (RFC 9110, 12.5.4) wants most; English where it wants none.
    pub(super) fn accepted(header: &str) -> Self {
        let wanted = header.split(',').take(50).filter_map(|one| {
            let mut parts = one.split(';');
            let tag = parts.next()?.trim().split('-').next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            Some((tag.parse::<Self>().ok()?, weight))
        });
        // Of equal weight, the first.
        let most = wanted.filter(|(_, weight)| *weight > 0.0).reduce(|a, b| if b.1 > a.1 { b } else { a });
        most.map_or(Self::English, |(language, _)| language)
    }

    /// What it says.
    pub(super) fn words(self) -> &'static StatusWords {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::Russian => &RUSSIAN,
        }
    }
}

impl FromStr for Language {
    type Err = ();

    fn from_str(tag: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|one| one.tag() == tag).ok_or(())
    }
}

/// Everything that is said.
#[derive(Debug)]
pub(super) struct StatusWords {
    /// The language's own name.
    pub name: &'static str,
    /// Of the whole, by state: up, maintenance, unknown, degraded, down.
    whole: [&'static str; 5],
    /// Of one thing, in the same order.
    one: [&'static str; 5],
    kinds: [&'static str; 3],
    troubles: [&'static str; 3],
    pub as_of: &'static str,
    pub incidents: &'static str,
    pub no_incidents: &'static str,
    /// Where of some of it nothing is known.
    pub unknown_incidents: &'static str,
    /// Where there is nothing that could be shown.
    pub nothing_shown: &'static str,
    pub since: &'static str,
    pub last_days: &'static str,
    /// Before a share of the known time.
    pub up_for: &'static str,
    pub nothing_known: &'static str,
    /// Before a share of all the time.
    pub not_known: &'static str,
    pub outages: &'static str,
    pub and_more: &'static str,
    pub today: &'static str,
    pub legend: [&'static str; 3],
    pub legend_title: &'static str,
    pub days_are: &'static str,
    pub left_out: &'static str,
    pub stale: &'static str,
    /// Before the time until which the past is made up.
    pub sample: &'static str,
    pub languages: &'static str,
    /// To somebody who has to log in first, and the way there.
    pub login: [&'static str; 2],
    /// Days, hours, minutes, seconds.
    units: [&'static str; 4],
    comma: char,
}

impl StatusWords {
    pub(super) fn whole(&self, state: PublicState) -> &'static str {
        self.whole[state as usize]
    }

    pub(super) fn one(&self, state: PublicState) -> &'static str {
        self.one[state as usize]
    }

    pub(super) fn kind(&self, kind: PublicKind) -> &'static str {
        self.kinds[kind as usize]
    }

    pub(super) fn trouble(&self, trouble: PublicTrouble) -> &'static str {
        self.troubles[trouble as usize]
    }

    /// `2 h 5 min`: the two largest parts.
    pub(super) fn duration(&self, seconds: u64) -> String {
        let parts = [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60];
        let first = parts.iter().position(|part| *part > 0).unwrap_or(3);
        let told = (first..4).take(2).filter(|place| *place == first || parts[*place] > 0);
        told.map(|place| format!("{} {}", parts[place], self.units[place])).collect::<Vec<_>>().join(" ")
    }

    /// `99.98 %`, of a share that is rounded down to hundredths.
    pub(super) fn percent(&self, share: f64) -> String {
        let hundredths = (share * 10_000.0).round() as u64;
        format!("{}{}{:02}\u{a0}%", hundredths / 100, self.comma, hundredths % 100)
    }
}

const ENGLISH: StatusWords = StatusWords {
    name: "English",
    whole: [
        "Everything is up",
        "Work is under way",
        "Not everything is known",
        "Not everything is well",
        "Something is down",
    ],
    one: ["up", "maintenance", "not known", "not well", "down"],
    kinds: ["Streams", "Servers", "Endpoints"],
    troubles: ["is down", "goes down again and again", "answers, but not well"],
    as_of: "As of",
    incidents: "What is wrong now",
    no_incidents: "Nothing is known to be wrong.",
    unknown_incidents: "Of some of it nothing is known at the moment.",
    nothing_shown: "There is nothing to show yet.",
    since: "since",
    last_days: "the last 90 days",
    up_for: "Up, of the known time:",
    nothing_known: "Nothing is known of this time.",
    not_known: "Not known:",
    outages: "Days with outages:",
    and_more: "and more",
    today: "today",
    legend: ["up", "down", "not known"],
    legend_title: "What the bars mean",
    days_are: "Each bar is a day (UTC), today as far as it has passed. Shares are of the time that is known.",
    left_out: "Not shown, as there are too many:",
    stale: "The days could not be read lately: what has changed since is missing.",
    sample: "An example and not measured: everything before",
    languages: "Languages",
    login: ["This page is for those who have logged in.", "Log in"],
    units: ["d", "h", "min", "s"],
    comma: '.',
};

const GERMAN: StatusWords = StatusWords {
    name: "Deutsch",
    whole: [
        "Alles läuft",
        "Es wird gerade gearbeitet",
        "Nicht von allem ist bekannt, wie es ihm geht",
        "Nicht allem geht es gut",
        "Etwas ist ausgefallen",
    ],
    one: ["läuft", "Wartung", "nicht bekannt", "nicht gut", "ausgefallen"],
    kinds: ["Streams", "Server", "Endpunkte"],
    troubles: ["ist ausgefallen", "fällt immer wieder aus", "antwortet, aber nicht gut"],
    as_of: "Stand",
    incidents: "Was gerade nicht stimmt",
    no_incidents: "Es ist nichts bekannt, das nicht stimmt.",
    unknown_incidents: "Über manches ist im Augenblick nichts bekannt.",
    nothing_shown: "Es gibt noch nichts zu zeigen.",
    since: "seit",
    last_days: "die letzten 90 Tage",
    up_for: "Von der bekannten Zeit gelaufen:",
    nothing_known: "Über diese Zeit ist nichts bekannt.",
    not_known: "Nicht bekannt:",
    outages: "Tage mit Ausfällen:",
    and_more: "und weitere",
    today: "heute",
    legend: ["läuft", "ausgefallen", "nicht bekannt"],
    legend_title: "Was die Balken bedeuten",
    days_are: "Jeder Balken ist ein Tag (UTC), heute so weit, wie er vergangen ist. Anteile gelten für die Zeit, über die etwas bekannt ist.",
    left_out: "Nicht gezeigt, weil es zu viele sind:",
    stale: "Die Tage konnten zuletzt nicht gelesen werden: Was sich seither geändert hat, fehlt.",
    sample: "Ein Beispiel und nicht gemessen: alles vor",
    languages: "Sprachen",
    login: ["Diese Seite ist für alle, die angemeldet sind.", "Anmelden"],
    units: ["d", "h", "min", "s"],
    comma: ',',
};

const RUSSIAN: StatusWords = StatusWords {
    name: "Русский",
    whole: ["Всё работает", "Ведутся работы", "Не обо всём есть сведения", "Не всё в порядке", "Что-то не работает"],
    one: ["работает", "обслуживание", "нет сведений", "не в порядке", "не работает"],
    kinds: ["Потоки", "Серверы", "Узлы сети"],
    troubles: ["не работает", "снова и снова пропадает", "отвечает, но плохо"],
    as_of: "По состоянию на",
    incidents: "Что сейчас не так",
    no_incidents: "О неполадках ничего не известно.",
    unknown_incidents: "О некоторых сейчас сведений нет.",
    nothing_shown: "Показывать пока нечего.",
    since: "с",
    last_days: "последние 90 дней",
    up_for: "Из известного времени работало:",
    nothing_known: "Об этом времени ничего не известно.",
    not_known: "Нет сведений:",
    outages: "Дней с перебоями:",
    and_more: "и другие",
    today: "сегодня",
    legend: ["работает", "не работает", "нет сведений"],
    legend_title: "Что означают полосы",
    days_are: "Каждая полоса — день (UTC), сегодняшний — насколько он прошёл. Доли относятся ко времени, о котором есть сведения.",
    left_out: "Не показано, так как их слишком много:",
    stale: "В последний раз прочитать дни не удалось: изменений с тех пор здесь нет.",
    sample: "Пример, а не измерения: всё, что до",
    languages: "Языки",
    login: ["Эта страница для тех, кто вошёл.", "Войти"],
    units: ["д", "ч", "мин", "с"],
    comma: ',',
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_what_the_browser_wants_most() {
        for (header, wanted) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("fr, ru;q=0.4, en;q=0.3", "ru"),
            ("en;q=0.3, RU-ru", "ru"),
            ("de;q=0, en;q=0.1", "en"),
            ("*;q=x,;;,,de;q=nan", "en"),
        ] {
            assert_eq!(Language::accepted(header).tag(), wanted, "{header}");
        }
        for (place, language) in Language::ALL.into_iter().enumerate() {
            assert_eq!((language.place(), language.tag().parse()), (place, Ok(language)));
        }
    }

    #[test]
    fn numbers_are_said_shortly() {
        let (english, german) = (Language::English.words(), Language::German.words());
        for (seconds, wanted) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7_500, "2 h 5 min"), (86_400, "1 d"), (90_061, "1 d 1 h")]
        {
            assert_eq!(english.duration(seconds), wanted);
        }
        assert_eq!(
            (english.percent(0.9998), german.percent(1.0)),
            ("99.98\u{a0}%".to_owned(), "100,00\u{a0}%".to_owned())
        );
        assert_eq!(english.percent(0.0), "0.00\u{a0}%");
    }
}
