//! The start budget: in tables, and as a property over any order of asking.

use proptest::prelude::*;

use super::*;

const RATES: Rates = Rates { fleet: 20.0, host: 2.0 };

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Who may start now, when all still want to.
fn grant(queue: &mut StartQueue, now: Duration) -> Vec<i64> {
    queue.grant(now, |_| true)
}

/// Lets everybody start as early as allowed; returns when each did.
fn run(queue: &mut StartQueue, mut now: Duration) -> Vec<(Duration, i64)> {
    let mut starts = Vec::new();
    while let Some(next) = queue.next_grant() {
        now = now.max(next);
        let granted = grant(queue, now);
        assert!(!granted.is_empty(), "next_grant says when somebody can start");
        starts.extend(granted.into_iter().map(|id| (now, id)));
    }
    starts
}

#[test]
fn other_rates_count_at_once_and_nobody_loses_a_place() {
    let mut queue = StartQueue::new(RATES);
    (0..100).for_each(|id| queue.ask(id, &format!("10.0.0.{id}")));
    assert_eq!(grant(&mut queue, ms(1000)).len(), 20, "the budget of a second");
    queue.set_rates(Rates { fleet: 2.0, host: 1.0 });
    assert_eq!(grant(&mut queue, ms(1000)), [0_i64; 0], "spent is spent");
    let starts = run(&mut queue, ms(1000));
    assert_eq!(starts.iter().map(|(_, id)| *id).collect::<Vec<_>>(), (20..100).collect::<Vec<_>>());
    assert_eq!((starts[0].0, starts[79].0 - starts[77].0), (ms(2050), ms(1050)));
}

#[test]
fn a_fleet_of_different_hosts_starts_at_the_fleet_rate() {
    let mut queue = StartQueue::new(RATES);
    (0..500).for_each(|id| queue.ask(id, &format!("10.0.0.{id}")));
    let starts = run(&mut queue, ms(1000));
    assert_eq!(starts.iter().map(|(_, id)| *id).collect::<Vec<_>>(), (0..500).collect::<Vec<_>>());
    assert_eq!((starts[19].0, starts[20].0, starts[499].0), (ms(1000), ms(2050), ms(1000 + 24 * 1050)));
    grant(&mut queue, ms(60_000));
    assert!(queue.hosts.is_empty() && queue.idle.is_empty() && queue.later.is_empty() && queue.ready.is_empty());
}

#[test]
fn one_busy_host_waits_for_itself_only() {
    let mut queue = StartQueue::new(RATES);
    (0..6).for_each(|id| queue.ask(id, "recorder"));
    (6..9).for_each(|id| queue.ask(id, &format!("cam{id}")));
    assert_eq!(grant(&mut queue, ms(0)), [0, 1, 6, 7, 8]);
    let times: Vec<u64> = run(&mut queue, ms(0)).iter().map(|(at, _)| at.as_millis() as u64).collect();
    assert_eq!(times, [1050, 1050, 2100, 2100]);
}

#[test]
fn asking_twice_and_leaving() {
    let mut queue = StartQueue::new(Rates { fleet: f64::NAN, host: 0.0 });
    queue.ask(1, "a");
    queue.ask(1, "a");
    queue.ask(2, "b");
    queue.leave(2);
    assert_eq!((queue.len(), grant(&mut queue, ms(0))), (1, vec![1]));
    assert!(queue.is_empty() && queue.next_grant().is_none());
    queue.ask(1, "a");
    assert_eq!(queue.next_grant(), Some(ms(100_050)), "nonsense rates slow down");
}

#[test]
fn who_is_not_wanted_any_more_uses_up_no_turn() {
    let mut queue = StartQueue::new(Rates { fleet: 2.0, host: 1.0 });
    (0..6).for_each(|id| queue.ask(id, "one host"));
    queue.ask(6, "another");
    assert_eq!(queue.grant(ms(0), |id| id > 3), [4, 6]);
    assert_eq!((queue.len(), queue.next_grant()), (1, Some(ms(1050))));
}

#[test]
fn nobody_is_looked_at_twice() {
    for hosts in [1, 100, 10_000] {
        let mut queue = StartQueue::new(Rates { fleet: 1000.0, host: 1000.0 });
        (0..10_000).for_each(|id| queue.ask(id, &format!("10.0.0.{}", id % hosts)));
        let (mut looks, mut grants) = (0, 0);
        while let Some(now) = queue.next_grant() {
            let granted = queue.grant(now, |_| {
                looks += 1;
                true
            });
            grants += 1;
            assert_eq!(granted.len(), 1000);
        }
        assert_eq!((looks, grants), (10_000, 10), "{hosts} hosts");
    }
}

/// What people and time do to a queue.
#[derive(Clone, Debug)]
enum Request {
    Ask { id: i64, host: u8 },
    Leave(i64),
    Pass(Duration),
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let one = prop_oneof![
        12 => (0_i64..60, 0_u8..5).prop_map(|(id, host)| Request::Ask { id, host }),
        2 => (0_i64..60).prop_map(Request::Leave),
        4 => (0_u64..700).prop_map(|n| Request::Pass(ms(n))),
    ];
    prop::collection::vec(one, 1..200)
}

/// The rule as it reads: the whole queue is searched for the first who may start.
fn as_specified(
    waiting: &mut Vec<(i64, u8)>,
    starts: &[(Duration, i64, u8)],
    rates: Rates,
    now: Duration,
) -> Vec<(i64, u8)> {
    let mut starts = starts.to_vec();
    let mut granted = Vec::new();
    let spent = |rate: f64, times: Vec<Duration>| {
        let window = Duration::from_secs_f64(rate.ceil() / rate) + ms(50);
        times.iter().filter(|at| now < **at + window).count() >= rate.ceil() as usize
    };
    while !spent(rates.fleet, starts.iter().map(|(at, ..)| *at).collect()) {
        let of = |host: u8| starts.iter().filter(|(.., other)| *other == host).map(|(at, ..)| *at).collect();
        let Some(place) = waiting.iter().position(|(_, host)| !spent(rates.host, of(*host))) else { break };
        let (id, host) = waiting.remove(place);
        starts.push((now, id, host));
        granted.push((id, host));
    }
    granted
}

proptest! {
    /// Whatever people do, it grants whom a search of the whole queue would find, at once; and no window of one second
    /// ever holds more starts than the rates, of the fleet or of a host.
    #[test]
    fn never_more_than_the_budget_and_never_less(
        requests in requests(),
        fleet in prop_oneof![Just(0.4), Just(3.0), Just(7.5), Just(20.0)],
        host in prop_oneof![Just(0.7), Just(1.0), Just(2.0), Just(3.5)],
    ) {
        let rates = Rates { fleet, host };
        let mut queue = StartQueue::new(rates);
        let (mut now, mut waiting, mut starts) = (ms(0), Vec::<(i64, u8)>::new(), Vec::new());
        for request in requests {
            match request {
                Request::Ask { id, host } => {
                    queue.ask(id, &host.to_string());
                    if waiting.iter().all(|(other, _)| *other != id) {
                        waiting.push((id, host));
                    }
                }
                Request::Leave(id) => {
                    queue.leave(id);
                    waiting.retain(|(other, _)| *other != id);
                }
                Request::Pass(time) => now += time,
            }
            let due = queue.next_grant().is_some_and(|next| next <= now);
            let granted = grant(&mut queue, now);
            let wanted = as_specified(&mut waiting, &starts, rates, now);
            prop_assert_eq!(due, !granted.is_empty());
            prop_assert_eq!(&granted, &wanted.iter().map(|(id, _)| *id).collect::<Vec<_>>());
            prop_assert_eq!(queue.len(), waiting.len());
            starts.extend(wanted.into_iter().map(|(id, host)| (now, id, host)));
        }
        for (at, ..) in &starts {
            let window: Vec<u8> =
                starts.iter().filter(|(t, ..)| t >= at && *t < *at + ms(1000)).map(|(.., host)| *host).collect();
            prop_assert!(window.len() <= fleet.ceil() as usize, "{} at once", window.len());
            for name in 0..5_u8 {
                prop_assert!(window.iter().filter(|other| **other == name).count() <= host.ceil() as usize);
            }
        }
    }
}
