//! The page itself: HTML without a script, with a drawing of the days whose text alternative says the same.

use std::fmt::Write;

use actix_web::web::Bytes;
use chrono::{DateTime, NaiveDate, Utc};

use super::words::{Language, StatusWords};
use crate::domain::public_status::{PublicDay, PublicIncident, PublicKind, PublicState, PublicStatus, PublicThing};

/// Width of a day and of its column, and the height of all, in the units of the drawing.
const COLUMN: usize = 10;
const WIDTH: usize = 8;
const HEIGHT: u64 = 32;

/// What is not known is narrower by this on either side.
const INSET: usize = 3;

/// The shortest part that is still seen.
const LEAST: u64 = 4;

/// Days that the text alternative names; more would be no alternative.
const NAMED: usize = 10;

/// The page in every language.
pub(super) struct Pages([Bytes; 3]);

impl Pages {
    pub(super) fn of(status: &PublicStatus) -> Self {
        Self(Language::ALL.map(|language| page(status, language).into()))
    }

    pub(super) fn of_language(&self, language: Language) -> Bytes {
        self.0[language.place()].clone()
    }
}

/// What somebody sees who has to log in first.
pub(super) fn login(language: Language) -> String {
    let [words, way] = language.words().login;
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{way}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\"></head>\
         <body><main><h1>{way}</h1><p>{words} <a href=\"./\">{way}</a></p></main></body></html>\n",
        language.tag(),
    )
}

fn page(status: &PublicStatus, language: Language) -> String {
    let words = language.words();
    let title = escaped(&status.title);
    let mut out = String::with_capacity(4_096 + status.items.len() * 6_000);
    let state = class(status.state);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}: {title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"status/style.css\"></head><body><header><h1>{title}</h1>\
         <p class=\"whole {state}\">{}</p><p class=\"quiet\">{} <time datetime=\"{}\">{}</time></p>",
        language.tag(),
        words.whole(status.state),
        words.whole(status.state),
        words.as_of,
        status.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        moment(status.at),
    );
    if status.stale {
        let _ = write!(out, "<p class=\"note\">{}</p>", words.stale);
    }
    if let Some(until) = status.sample_until {
        let _ = write!(out, "<p class=\"note\">{} {}</p>", words.sample, moment(until));
    }
    out.push_str("</header><main>");
    incidents(&mut out, status, words);
    for kind in [PublicKind::Stream, PublicKind::Server, PublicKind::Endpoint] {
        let things: Vec<&PublicThing> = status.items.iter().filter(|item| item.kind == kind).collect();
        if things.is_empty() {
            continue;
        }
        let _ = write!(out, "<section><h2>{}</h2>", words.kind(kind));
        things.iter().for_each(|one| thing(&mut out, one, words));
        out.push_str("</section>");
    }
    if status.left_out > 0 {
        let _ = write!(out, "<p class=\"note\">{} {}</p>", words.left_out, status.left_out);
    }
    let [up, down, unknown] = words.legend;
    let _ = write!(
        out,
        "</main><footer><section class=\"legend\"><h2>{}</h2><ul><li class=\"u\">{up}</li><li class=\"d\">{down}</li>\
         <li class=\"n\">{unknown}</li></ul><p>{}</p></section><nav aria-label=\"{}\">",
        words.legend_title, words.days_are, words.languages,
    );
    for one in Language::ALL {
        let (tag, name) = (one.tag(), one.words().name);
        let now = if one == language { " aria-current=\"true\"" } else { "" };
        let _ = write!(out, "<a href=\"?lang={tag}\" hreflang=\"{tag}\" lang=\"{tag}\"{now}>{name}</a>");
    }
    out.push_str("</nav></footer></body></html>\n");
    out
}

fn incidents(out: &mut String, status: &PublicStatus, words: &StatusWords) {
    let _ = write!(out, "<section><h2>{}</h2>", words.incidents);
    if status.incidents.is_empty() {
        let nothing = match (status.items.is_empty(), status.state) {
            (true, _) => words.nothing_shown,
            (false, PublicState::Unknown) => words.unknown_incidents,
            (false, _) => words.no_incidents,
        };
        let _ = write!(out, "<p>{nothing}</p></section>");
        return;
    }
    out.push_str("<ul class=\"incidents\">");
    for PublicIncident { name, trouble, since, .. } in &status.incidents {
        let _ = write!(out, "<li><strong><bdi>{}</bdi></strong> {}", escaped(name), words.trouble(*trouble));
        if let Some(since) = since {
            let precise = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let _ = write!(out, ", {} <time datetime=\"{precise}\">{}</time>", words.since, moment(*since));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul></section>");
}

fn thing(out: &mut String, thing: &PublicThing, words: &StatusWords) {
    let name = escaped(&thing.name);
    let (all, unknown) = thing
        .days
        .iter()
        .fold((0_u64, 0_u64), |(all, unknown), day| (all + passed(day), unknown + u64::from(day.unknown_seconds)));
    let mut told = match thing.uptime {
        Some(share) => format!("{} {}", words.up_for, words.percent(share)),
        None => words.nothing_known.to_owned(),
    };
    let unknown = (unknown * 100 + all / 2).checked_div(all).unwrap_or(0);
    if thing.uptime.is_some() && unknown > 0 {
        // Something is known of it.
        let (more, unknown) = if unknown > 99 { ("&gt;\u{a0}", 99) } else { ("", unknown) };
        let _ = write!(told, " · {} {more}{unknown}\u{a0}%", words.not_known);
    }
    let _ = write!(
        out,
        "<article><h3>{name}</h3><p class=\"state {}\">{}</p>\
         <svg role=\"img\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" aria-label=\"{name}, {}: {spoken}. {}\">",
        class(thing.state),
        words.one(thing.state),
        (thing.days.len() * COLUMN).max(COLUMN) - (COLUMN - WIDTH),
        words.last_days,
        outages(&thing.days, words),
        spoken = told.trim_end_matches('.'),
    );
    let today = thing.days.last().map(|day| day.day);
    // Days that are all up or not known at all, most of them, are one drawing each: a page of many things stays small.
    let (mut up, mut unknown) = (String::new(), String::new());
    for (place, one) in thing.days.iter().enumerate() {
        let x = place * COLUMN;
        match one {
            PublicDay { up_seconds: 0, down_seconds: 0, .. } => {
                let (x, width) = (x + INSET, WIDTH - 2 * INSET);
                let _ = write!(unknown, "M{x} 0h{width}v{HEIGHT}h-{width}z");
            }
            PublicDay { down_seconds: 0, .. } if !is_partly_unknown(one) => {
                let _ = write!(up, "M{x} 0h{WIDTH}v{HEIGHT}h-{WIDTH}z");
            }
            _ => day(out, place, one, today, words),
        }
    }
    for (class, drawing) in [("u", up), ("n", unknown)] {
        if !drawing.is_empty() {
            let _ = write!(out, "<path class=\"{class}\" d=\"{drawing}\"/>");
        }
    }
    let _ = write!(out, "</svg><p class=\"quiet\">{told}</p></article>");
}

/// One column: up below, not known (narrower) above it, down on top.
fn day(out: &mut String, place: usize, day: &PublicDay, today: Option<NaiveDate>, words: &StatusWords) {
    let (all, x) = (passed(day), place * COLUMN);
    let part = |seconds: u32| match (u64::from(seconds) * HEIGHT).checked_div(all) {
        Some(height) if seconds > 0 => height.max(LEAST),
        _ => 0,
    };
    let down = part(day.down_seconds).min(HEIGHT);
    let unknown = if is_partly_unknown(day) { part(day.unknown_seconds) } else { 0 };
    let unknown = unknown.min(HEIGHT - down);
    let up = if day.up_seconds > 0 { HEIGHT - down - unknown } else { 0 };
    let unknown = if all == 0 {
        HEIGHT
    } else if up == 0 {
        HEIGHT - down
    } else {
        unknown
    };
    let mut title = day.day.to_string();
    if today == Some(day.day) {
        let _ = write!(title, " ({})", words.today);
    }
    for (seconds, word) in
        [(day.up_seconds, words.legend[0]), (day.down_seconds, words.legend[1]), (day.unknown_seconds, words.legend[2])]
    {
        if seconds > 0 {
            let _ = write!(title, ", {word} {}", words.duration(u64::from(seconds)));
        }
    }
    let _ = write!(out, "<g><title>{title}</title>");
    for (class, y, height, inset) in [("d", 0, down, 0), ("n", down, unknown, INSET), ("u", down + unknown, up, 0)] {
        if height > 0 {
            let (x, width) = (x + inset, WIDTH - 2 * inset);
            let _ = write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
        }
    }
    out.push_str("</g>");
}

/// The days with outages, the latest first, in words.
fn outages(days: &[PublicDay], words: &StatusWords) -> String {
    let away: Vec<&PublicDay> = days.iter().rev().filter(|day| day.down_seconds > 0).collect();
    let mut told = format!("{} {}", words.outages, away.len());
    for (place, day) in away.iter().take(NAMED).enumerate() {
        let between = if place == 0 { " – " } else { "; " };
        let _ = write!(told, "{between}{}: {}", day.day, words.duration(u64::from(day.down_seconds)));
    }
    if away.len() > NAMED {
        let _ = write!(told, "; {}", words.and_more);
    }
    told
}

/// More than the seconds of today that are always still to be measured.
fn is_partly_unknown(day: &PublicDay) -> bool {
    u64::from(day.unknown_seconds) * 100 >= passed(day)
}

fn passed(day: &PublicDay) -> u64 {
    [day.up_seconds, day.down_seconds, day.unknown_seconds].into_iter().map(u64::from).sum()
}

fn class(state: PublicState) -> &'static str {
    match state {
        PublicState::Up => "up",
        PublicState::Maintenance => "maintenance",
        PublicState::Unknown => "unknown",
        PublicState::Degraded => "degraded",
        PublicState::Down => "down",
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// As text and inside of an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day_of(up_seconds: u32, down_seconds: u32, unknown_seconds: u32) -> PublicDay {
        let day = NaiveDate::from_ymd_opt(2027, 3, 28).expect("a date");
        PublicDay { day, up_seconds, down_seconds, unknown_seconds }
    }

    #[test]
    fn a_column_shows_the_shortest_outage_and_never_more_than_is_known() {
        for (one, wanted) in [
            (day_of(86_400, 0, 0), vec![("u", 32)]),
            (day_of(86_395, 5, 0), vec![("d", 4), ("u", 28)]),
            (day_of(0, 86_400, 0), vec![("d", 32)]),
            (day_of(0, 0, 86_400), vec![("n", 32)]),
            (day_of(0, 5, 86_395), vec![("d", 4), ("n", 28)]),
            (day_of(43_200, 0, 43_200), vec![("n", 16), ("u", 16)]),
            (day_of(1, 0, 86_399), vec![("n", 31), ("u", 1)]),
            (day_of(3_591, 0, 9), vec![("u", 32)]),
            (day_of(0, 0, 0), vec![("n", 32)]),
        ] {
            let mut out = String::new();
            day(&mut out, 0, &one, None, Language::English.words());
            let parts: Vec<(&str, u64)> = out
                .split("<rect class=\"")
                .skip(1)
                .map(|rect| {
                    let height = rect.split("height=\"").nth(1).and_then(|rest| rest.split('"').next());
                    (&rect[..1], height.expect("a height").parse().expect("a number"))
                })
                .collect();
            assert_eq!(parts, wanted, "{one:?}");
        }
    }

    #[test]
    fn names_are_text_and_nothing_else() {
        let name = "<script>alert(\"1\")</script>&'";
        let item = PublicThing {
            kind: PublicKind::Stream,
            name: name.to_owned(),
            state: PublicState::Up,
            uptime: Some(0.9999),
            days: vec![day_of(86_395, 5, 0)],
        };
        let status = PublicStatus {
            title: name.to_owned(),
            at: DateTime::UNIX_EPOCH,
            state: PublicState::Up,
            incidents: Vec::new(),
            items: vec![item],
            left_out: 3,
            stale: true,
            sample_until: None,
        };
        for language in Language::ALL {
            let page = page(&status, language);
            assert!(!page.contains("<script") && !page.contains("alert(\""), "{page}");
            assert!(
                page.contains(&format!("<html lang=\"{}\">", language.tag())) && page.contains("2027-03-28: 5 "),
                "{page}"
            );
        }
    }
}
