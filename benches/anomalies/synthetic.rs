//! Streams that never were, minute by minute, with the seasons, noise, interruptions and faults of real ones; the same for the same seed.
//! Shared by a unit test and a bench: `super` has the names of the crate.

use super::{
    Aggregate, AnomalyEvent, AnomalyMetric, AnomalyRule, Baseline, Bucket, Metric, Moment, Reading, StreamAnomalies,
    StreamState, Tier,
};
use std::f64::consts::TAU;
use std::time::Duration;

pub const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// What is usual is learned from so many days, and one that is not learned from.
pub const LEARNED: i64 = 29;
/// A Monday, 00:00 UTC.
const BEGIN: i64 = 1_795_996_800;

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ 0x2545_F491_4F6C_DD1D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of a standard normal distribution.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.part().max(1e-12).ln()).sqrt() * (TAU * self.part()).cos()
    }

    /// How often something happens that happens so often in the mean.
    fn poisson(&mut self, mean: f64) -> f64 {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.part(), 0.0);
        while product > limit {
            product *= self.part();
            count += 1.0;
        }
        count
    }
}

/// Noise with a memory: a walk that is drawn back to zero.
#[derive(Clone, Default)]
struct Wander(f64);

impl Wander {
    fn step(&mut self, random: &mut Random, seconds: i64, memory: f64, deviation: f64) -> f64 {
        let keeps = (-(seconds as f64) / memory).exp();
        self.0 = keeps * self.0 + (1.0 - keeps * keeps).sqrt() * deviation * random.normal();
        self.0
    }
}

/// What is done to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bit rate is halved at once.
    Halved,
    /// The bit rate sinks to three tenths, over three hours.
    Decays,
    /// Everybody who reads is gone.
    NoReaders,
    /// Round trips take three times as long.
    SlowRoundTrips,
}

impl Fault {
    pub const ALL: [Self; 4] = [Self::Halved, Self::Decays, Self::NoReaders, Self::SlowRoundTrips];

    /// Seconds that it lasts.
    pub fn lasts(self) -> i64 {
        if self == Self::Decays { 4 * HOUR } else { 2 * HOUR }
    }
}

/// One stream.
#[derive(Clone)]
pub struct Stream {
    random: Random,
    bitrate: f64,
    /// How much the bit rate strays, as a logarithm, and how much it has of day and night.
    noise: f64,
    night: f64,
    /// Readers at the best time; how much there are fewer at the weekend.
    readers: f64,
    weekend: f64,
    rtt: Option<f64>,
    /// It is there only on working days, from 6 to 22.
    by_hours: bool,
    /// Local time is so many seconds later, from then on an hour more or less.
    offset: i64,
    clock_change: (i64, i64),
    fast: Wander,
    slow: Wander,
    mood: Wander,
    crowd: Wander,
    trip: Wander,
    present: f64,
    spike: (i64, f64),
    /// Times of trouble that is no anomaly: begin and end.
    outage: (i64, i64),
    unwatched: (i64, i64),
    reset: i64,
    before: i64,
    fault: Option<(Fault, i64)>,
}

impl Stream {
    /// Number `seed` of them all.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed + 1);
        let pick = |random: &mut Random, of: &[f64]| of[(random.part() * of.len() as f64) as usize];
        let (noise, night) = [(0.01, 1.0), (0.05, 0.7), (0.1, 0.45), (0.15, 0.6)][(seed % 4) as usize];
        let week = random.part();
        Self {
            bitrate: pick(&mut random, &[4e5, 2e6, 4e6, 8e6]) * (0.8 + 0.4 * random.part()),
            noise,
            night,
            readers: pick(&mut random, &[1.0, 3.0, 12.0, 60.0, 400.0]),
            weekend: 0.3 + 1.2 * random.part(),
            rtt: seed.is_multiple_of(2).then(|| pick(&mut random, &[8.0, 35.0, 90.0, 220.0])),
            by_hours: seed % 7 == 3,
            offset: (random.part() * 24.0) as i64 * HOUR,
            // For every third of them within the time that is learned or judged.
            clock_change: (BEGIN + (random.part() * 30.0) as i64 * DAY, [HOUR, -HOUR, 0][(seed % 3) as usize]),
            fast: Wander::default(),
            slow: Wander::default(),
            mood: Wander::default(),
            crowd: Wander::default(),
            trip: Wander::default(),
            present: 0.0,
            spike: (0, 1.0),
            outage: (0, 0),
            unwatched: (0, 0),
            reset: 0,
            before: BEGIN + (week * 7.0) as i64 * DAY,
            fault: None,
            random,
        }
    }

    /// Where its time begins.
    pub fn begin(&self) -> i64 {
        self.before
    }

    /// It has this fault from then on.
    pub fn with_fault(mut self, fault: Fault, from: i64) -> Self {
        self.fault = Some((fault, from));
        self
    }

    /// What a poll reads. `None`: nobody looked.
    pub fn reading(&mut self, second: i64) -> Option<Reading> {
        let apart = (second - self.before).max(1);
        self.before = second;
        let chance = |random: &mut Random, days: f64| random.part() < apart as f64 / (days * DAY as f64);
        if chance(&mut self.random, 5.0) {
            self.outage = (second, second + 120 + (self.random.part() * 3_000.0) as i64);
        }
        if chance(&mut self.random, 10.0) {
            self.unwatched = (second, second + 60 + (self.random.part() * 5_000.0) as i64);
        }
        if chance(&mut self.random, 1.5) {
            self.reset = second;
        }
        let numbers = self.numbers(second, apart);
        let is_within = |(from, until): (i64, i64)| (from..until).contains(&second);
        if is_within(self.unwatched) {
            return None;
        }
        let local = self.local(second);
        let is_there = !self.by_hours || ((local / DAY + 3) % 7 < 5 && (6 * HOUR..22 * HOUR).contains(&(local % DAY)));
        if !is_there || is_within(self.outage) {
            let values = vec![(Metric::Readers, 0.0)];
            return Some(Reading { second, state: Some(StreamState::Offline), values, ..Reading::default() });
        }
        // After a reset and an outage the first bit rate is none, and the next ones are too low.
        let since = second - self.reset.max(self.outage.1);
        let values = numbers.into_iter().filter_map(|(metric, value)| match metric {
            Metric::Bitrate if since < 30 => None,
            Metric::Bitrate if since < 120 => Some((metric, value * 0.4)),
            Metric::Readers if since < 180 => Some((metric, (value * 0.2).floor())),
            _ => Some((metric, value)),
        });
        let reset = since < 60;
        Some(Reading { second, state: Some(StreamState::Live), reset, values: values.collect(), ..Reading::default() })
    }

    fn local(&self, second: i64) -> i64 {
        second + self.offset + if second >= self.clock_change.0 { self.clock_change.1 } else { 0 }
    }

    fn numbers(&mut self, second: i64, apart: i64) -> Vec<(Metric, f64)> {
        let local = self.local(second);
        let hour = local.rem_euclid(DAY) as f64 / HOUR as f64;
        let is_weekend = (local / DAY + 3) % 7 >= 5;
        // Dusk and dawn take an hour.
        let light = ((hour - 6.5).clamp(0.0, 1.0) - (hour - 19.5).clamp(0.0, 1.0)).clamp(0.0, 1.0);
        let scene = self.night + (1.0 - self.night) * light;
        let random = &mut self.random;
        let noise = self.fast.step(random, apart, 120.0, self.noise * 0.5)
            + self.slow.step(random, apart, 1_800.0, self.noise * 0.8)
            + self.mood.step(random, apart, DAY as f64, self.noise * 0.4);
        let mut bitrate = self.bitrate * scene * noise.exp();
        // Two humps, noon and evening; few at night; no two days alike.
        let hump = |at: f64, width: f64| (-((hour - at) / width).powi(2)).exp();
        let shape = 0.08 + 0.6 * hump(12.5, 3.0) + hump(20.0, 2.5);
        let crowd = self.crowd.step(random, apart, DAY as f64 / 2.0, 0.2).exp();
        let wanted = self.readers * shape * crowd * if is_weekend { self.weekend } else { 1.0 };
        // Each stays for a quarter of an hour in the mean.
        let leave = 1.0 - (-(apart as f64) / 900.0).exp();
        let leaving = random.poisson(self.present * leave).min(self.present);
        self.present += random.poisson(wanted * leave) - leaving;
        let mut readers = self.present;
        let mut values = Vec::with_capacity(3);
        let mut trips = self.rtt.map(|rtt| {
            if random.part() < apart as f64 / (4.0 * HOUR as f64) {
                self.spike = (second + 60 + (random.part() * 90.0) as i64, 1.5 + 4.0 * random.part());
            }
            let busy = 1.0 + 0.35 * hump(20.5, 2.0);
            let spike = if second < self.spike.0 { self.spike.1 } else { 1.0 };
            rtt * busy
                * spike
                * self.trip.step(random, apart, 1_200.0, 0.09).exp()
                * (1.0 + 0.04 * random.normal()).abs()
        });
        if let Some((fault, from)) = self.fault.filter(|(fault, from)| (*from..from + fault.lasts()).contains(&second))
        {
            match fault {
                Fault::Halved => bitrate *= 0.5,
                Fault::Decays => bitrate *= 1.0 - 0.7 * ((second - from) as f64 / (3.0 * HOUR as f64)).min(1.0),
                Fault::NoReaders => readers = 0.0,
                Fault::SlowRoundTrips => trips = trips.map(|rtt| rtt * 3.0),
            }
        }
        values.push((Metric::Bitrate, bitrate));
        values.push((Metric::Readers, readers));
        values.extend(trips.map(|rtt| (Metric::Rtt, rtt)));
        values
    }
}

/// Reads a stream from one second to another and gives what a tier makes of it.
pub fn buckets(stream: &mut Stream, tier: Tier, from: i64, until: i64, apart: i64) -> Vec<Bucket> {
    let (mut aggregate, mut ended) = (Aggregate::default(), Vec::new());
    for second in (from..until).step_by(apart as usize) {
        ended.extend(match stream.reading(second) {
            Some(reading) => aggregate.add(tier, &reading),
            None => aggregate.close(tier),
        });
    }
    ended.extend(aggregate.close(tier));
    ended
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Measured {
    /// Streams times days that had no fault.
    pub days: f64,
    /// Alarms in these.
    pub false_alarms: u32,
    /// Faults that were injected and that could be seen, and those of them that were not told; with the minutes until the others were.
    pub faults: Vec<(Fault, u32, u32)>,
    pub minutes: Vec<i64>,
    /// What was said.
    pub told: Vec<String>,
}

impl Measured {
    pub fn of_fault(&mut self, fault: Fault) -> &mut (Fault, u32, u32) {
        let place = self.faults.iter().position(|(one, ..)| *one == fault).unwrap_or(self.faults.len());
        if place == self.faults.len() {
            self.faults.push((fault, 0, 0));
        }
        &mut self.faults[place]
    }

    pub fn injected(&self) -> u32 {
        self.faults.iter().map(|(_, injected, _)| injected).sum()
    }

    pub fn missed(&self) -> u32 {
        self.faults.iter().map(|(.., missed)| missed).sum()
    }

    pub fn false_alarms_a_day(&self) -> f64 {
        f64::from(self.false_alarms) / self.days
    }

    /// Learns one stream for four weeks, judges it for so many days, and injects so many of each fault on the first of these.
    pub fn measure(&mut self, rule: &AnomalyRule, seed: u64, days: i64, of_each: u32) {
        let mut stream = Stream::new(seed);
        let begin = stream.begin();
        let mut learned = buckets(&mut stream, Tier::TenMinutes, begin, begin + LEARNED * DAY, 120);
        for day in LEARNED..LEARNED + days {
            let from = begin + day * DAY;
            let mut anomalies = StreamAnomalies::new(rule);
            let baseline = |metric: &AnomalyMetric| (*metric, Baseline::learn(*metric, &learned, from));
            anomalies.learn(rule.metrics.iter().map(baseline).collect());
            if day == LEARNED {
                for fault in Fault::ALL {
                    (0..of_each).for_each(|number| {
                        self.inject(&stream, &anomalies, fault, from, seed * 64 + u64::from(number))
                    });
                }
            }
            let minutes = buckets(&mut stream, Tier::Minute, from, from + DAY, 60);
            for minute in &minutes {
                if let AnomalyEvent::Since(_, told) = anomalies.take(minute, moment(minute.at)) {
                    self.false_alarms += 1;
                    self.told.push(format!("stream {seed} {}: {told}", minute.at));
                }
            }
            self.days += 1.0;
            let mut tens = Aggregate::default();
            learned.extend(minutes.iter().filter_map(|minute| tens.add(Tier::TenMinutes, &again(minute))));
        }
    }

    fn inject(&mut self, stream: &Stream, anomalies: &StreamAnomalies, fault: Fault, day: i64, seed: u64) {
        let mut random = Random::new(seed);
        let from = day + HOUR + (random.part() * 18.0 * HOUR as f64) as i64;
        let until = from + fault.lasts();
        // The same minutes without the fault: whether there is anything to be seen.
        let clean = buckets(&mut stream.clone(), Tier::Minute, day, until, 60);
        let during: Vec<&Bucket> = clean.iter().filter(|minute| minute.at >= from).collect();
        let is_live = during.len() as i64 >= fault.lasts() / 60
            && during.iter().all(|minute| minute.state == Some(StreamState::Live));
        let mean =
            |metric| during.iter().filter_map(|minute| minute.mean(metric)).sum::<f64>() / during.len().max(1) as f64;
        let is_seen = match fault {
            Fault::NoReaders => mean(Metric::Readers) >= LEAST_READERS,
            Fault::SlowRoundTrips => mean(Metric::Rtt) > 0.0,
            Fault::Halved | Fault::Decays => true,
        };
        if !is_live || !is_seen {
            return;
        }
        let mut anomalies = anomalies.clone();
        let mut told = None;
        for minute in buckets(&mut stream.clone().with_fault(fault, from), Tier::Minute, day, until, 60) {
            match anomalies.take(&minute, moment(minute.at)) {
                AnomalyEvent::Since(..) => told = Some(minute.at),
                AnomalyEvent::Well => told = None,
                AnomalyEvent::Nothing => {}
            }
            if told.is_some() && minute.at >= from {
                break;
            }
        }
        let counted = self.of_fault(fault);
        counted.1 += 1;
        match told {
            Some(at) => self.minutes.push((at - from).max(0) / 60),
            None => {
                counted.2 += 1;
                self.told.push(format!("stream {}: {fault:?} at {from} was missed", seed / 64));
            }
        }
    }
}

/// Fewer readers may go for reasons of their own.
const LEAST_READERS: f64 = 15.0;

fn moment(second: i64) -> Moment {
    let wall = chrono::DateTime::from_timestamp(second + 60, 0).unwrap_or_default();
    Moment { wall, steady: Duration::from_secs(second as u64) }
}

/// A minute as a reading.
fn again(minute: &Bucket) -> Reading {
    let values = [Metric::Bitrate, Metric::Readers, Metric::Rtt];
    let values = values.into_iter().filter_map(|metric| Some((metric, minute.mean(metric)?))).collect();
    Reading { second: minute.at, state: minute.state, reset: minute.reset, values, ..Reading::default() }
}
