//! What comes again and again: the first of a minute is recorded at once, the others of that minute as one number. So
//! whoever is refused or connects in a loop can neither fill the disk nor be overlooked.

use std::collections::BTreeMap;

use deskhand_protocol::Timestamp;
use deskhand_trail::{Actor, What};

/// How long the same is counted, in milliseconds.
const MINUTE: Timestamp = 60_000;
/// Things of a minute that are told apart; beyond them hosts are told no more.
const MOST: usize = 256;

/// What is to be written, and who did it.
pub(super) type Told = Vec<(Actor, What)>;

/// The minute that is counted.
#[derive(Debug, Default)]
pub(super) struct Folding {
    since: Timestamp,
    /// By what they are: who, what, and how often it came after the first.
    seen: BTreeMap<String, (Actor, What, u64)>,
}

impl Folding {
    /// Takes one in, and says what is to be written now. Only what [`again`] knows is folded.
    pub(super) fn take(&mut self, at: Timestamp, by: Actor, mut what: What) -> Told {
        let mut told = self.flush(at);
        let mut key = key_of(by, &what);
        if self.seen.len() >= MOST && !self.seen.contains_key(&key) {
            what = without_host(what);
            key = key_of(by, &what);
        }
        if let Some((_, _, times)) = self.seen.get_mut(&key) {
            *times = times.saturating_add(1);
        } else {
            self.seen.insert(key, (by, what.clone(), 0));
            told.push((by, what));
        }
        told
    }

    /// What is left of a minute that is over, also by a clock that was set back.
    pub(super) fn flush(&mut self, at: Timestamp) -> Told {
        if (self.since..self.since.saturating_add(MINUTE)).contains(&at) {
            return Told::new();
        }
        self.since = at;
        self.end()
    }

    /// What is left of the minute that runs.
    pub(super) fn end(&mut self) -> Told {
        let seen = std::mem::take(&mut self.seen).into_values();
        let repeated = seen.filter(|(_, _, times)| *times > 0);
        repeated
            .filter_map(|(by, what, times)| Some((by, again(what, times)?)))
            .collect()
    }
}

fn key_of(by: Actor, what: &What) -> String {
    format!("{by:?} {what:?}")
}

/// The record of something that came this often after the first.
fn again(what: What, count: u64) -> Option<What> {
    let allowed = !matches!(what, What::EgressRefused { .. });
    let failed_at = match &what {
        What::EgressFailed { failed_at, .. } => Some(failed_at.clone()),
        _ => None,
    };
    Some(match what {
        What::FrontEndRefused { code } => What::FrontEndRefusedAgain { code, count },
        What::EgressAllowed {
            destination,
            host,
            port,
            key,
        }
        | What::EgressRefused {
            destination,
            host,
            port,
            key,
        }
        | What::EgressFailed {
            destination,
            host,
            port,
            key,
            ..
        } => What::EgressRepeated {
            destination,
            host,
            port,
            key,
            allowed,
            failed_at,
            count,
        },
        _ => return None,
    })
}

fn without_host(mut what: What) -> What {
    if let What::EgressAllowed { host, port, .. }
    | What::EgressRefused { host, port, .. }
    | What::EgressFailed { host, port, .. } = &mut what
    {
        host.clear();
        *port = 0;
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> What {
        What::FrontEndRefused {
            code: code.to_owned(),
        }
    }

    fn connected(host: &str) -> What {
        What::EgressAllowed {
            destination: "web-fetch".to_owned(),
            host: host.to_owned(),
            port: 443,
            key: "key".to_owned(),
        }
    }

    fn refused_to_connect(host: &str) -> What {
        What::EgressRefused {
            destination: "web-fetch".to_owned(),
            host: host.to_owned(),
            port: 443,
            key: "key".to_owned(),
        }
    }

    fn failed_to_connect(host: &str, step: &str) -> What {
        What::EgressFailed {
            destination: "web-fetch".to_owned(),
            host: host.to_owned(),
            port: 443,
            key: "key".to_owned(),
            failed_at: step.to_owned(),
        }
    }

    #[test]
    fn the_first_of_a_minute_is_told_at_once_and_the_others_as_a_number() {
        let mut folding = Folding::default();
        let take = |folding: &mut Folding, at| folding.take(at, Actor::Excel, refused("a"));
        assert_eq!(take(&mut folding, 1_000), [(Actor::Excel, refused("a"))]);
        for _ in 0..200 {
            assert_eq!(take(&mut folding, 2_000), []);
        }
        let other = folding.take(2_000, Actor::Unknown, refused("a"));
        assert_eq!(other, [(Actor::Unknown, refused("a"))], "somebody else");
        let again = |count| What::FrontEndRefusedAgain {
            code: "a".to_owned(),
            count,
        };
        assert_eq!(
            take(&mut folding, MINUTE + 1_000),
            [(Actor::Excel, again(200)), (Actor::Excel, refused("a"))]
        );
        take(&mut folding, MINUTE + 2_000);
        assert_eq!(folding.flush(MINUTE + 2_000), [], "the minute runs");
        assert_eq!(
            folding.flush(5),
            [(Actor::Excel, again(1))],
            "a clock that was set back"
        );
        assert_eq!(folding.end(), []);
    }

    #[test]
    fn what_is_opened_what_is_refused_and_what_fails_is_counted_apart() {
        let mut folding = Folding::default();
        for _ in 0..3 {
            for what in [
                connected("example.com"),
                refused_to_connect("example.com"),
                failed_to_connect("example.com", "name"),
                failed_to_connect("example.com", "tls"),
            ] {
                folding.take(0, Actor::Service, what);
            }
        }
        let counted: Vec<_> = folding
            .end()
            .into_iter()
            .map(|(_, what)| match what {
                What::EgressRepeated {
                    allowed,
                    failed_at,
                    count,
                    ..
                } => (allowed, failed_at, count),
                other => panic!("{other:?}"),
            })
            .collect();
        let at = |step: &str| Some(step.to_owned());
        assert_eq!(
            counted,
            [
                (true, None, 2),
                (true, at("name"), 2),
                (true, at("tls"), 2),
                (false, None, 2)
            ]
        );
    }

    #[test]
    fn a_flood_of_hosts_is_bounded_and_counted() {
        let mut folding = Folding::default();
        let mut written = 0;
        for number in 0..10_000 {
            let told = folding.take(
                0,
                Actor::Service,
                refused_to_connect(&format!("h{number}.example")),
            );
            written += told.len();
        }
        assert_eq!(
            written,
            MOST + 1,
            "those that are told apart, and one for the rest"
        );
        let rest = folding.end();
        let [(_, What::EgressRepeated { host, count, .. })] = rest.as_slice() else {
            panic!("{rest:?}");
        };
        assert_eq!((host.as_str(), *count), ("", 10_000 - MOST as u64 - 1));
    }
}
