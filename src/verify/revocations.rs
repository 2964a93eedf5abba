//! What the issuer's feed has told so far.
use std::io::BufReader;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::bell::{Bell, back_off};
use super::configuration::Timing;
use super::http::{self, Http};
use super::issuer::Issuer;
use super::jwks::Jwks;
use super::jws::{Expected, Jws};
use super::machine::Machine;
use super::{Refusal, What, server_sent};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::revocation::{Kind, RevocationSet, SubjectDigest};
use crate::oauth::revocation_feed::{MEDIA_TYPE, MOST, Statement, TYPE};
use crate::oauth::time::Seconds;

const BYTES: u64 = 4 * 1_024 * 1_024;

/// Follows the feed until it is dropped.
pub struct Revocations(Arc<Shared>);

struct Shared {
    issuer: Arc<Issuer>,
    jwks: Arc<Jwks>,
    algorithms: Vec<Algorithm>,
    leeway: Seconds,
    http: Http,
    streams: Http,
    machine: Machine,
    timing: Timing,
    held: RwLock<Held>,
    bell: Bell,
}

/// All that was revoked up to `position`, as of a time.
#[derive(Default)]
struct Held {
    set: RevocationSet,
    position: i64,
    as_of: Option<UnixTime>,
}

impl Revocations {
    pub fn start(
        issuer: Arc<Issuer>,
        jwks: Arc<Jwks>,
        configuration: &super::Configuration,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            issuer,
            jwks,
            algorithms: configuration.algorithms.clone(),
            leeway: configuration.leeway,
            http: Http::new(Duration::from_secs(10)),
            streams: Http::for_streams(configuration.timing.silence),
            machine: configuration.machine.clone(),
            timing: configuration.timing.clone(),
            held: RwLock::default(),
            bell: Bell::default(),
        });
        let worker = shared.clone();
        std::thread::Builder::new().name("verify-feed".into()).spawn(move || worker.run())?;
        Ok(Self(shared))
    }

    /// Whether a token of these subjects is revoked, as far as is known.
    pub fn cover(&self, subjects: &[(Kind, SubjectDigest)], issued_at: i64) -> bool {
        let held = self.0.held.read().unwrap_or_else(PoisonError::into_inner);
        held.set.covers(subjects, issued_at).is_some()
    }

    /// How old the last word of the issuer is; `None` before the first.
    pub fn age(&self) -> Option<Seconds> {
        let held = self.0.held.read().unwrap_or_else(PoisonError::into_inner);
        held.as_of.map(|as_of| self.0.machine.now().since(as_of))
    }
}

impl Drop for Revocations {
    fn drop(&mut self) {
        self.0.bell.end();
    }
}

impl Shared {
    fn run(&self) {
        let mut failures = 0;
        let mut stream = self.timing.stream;
        while !self.bell.has_ended() {
            let mut heard = false;
            let followed = self
                .catch_up()
                .and_then(|()| if stream { self.follow(&mut heard) } else { Ok(Follow::Poll) });
            if heard {
                failures = 0;
            }
            let wait = match followed {
                Ok(Follow::Poll) => {
                    stream = false;
                    failures = 0;
                    self.timing.poll
                }
                // Streams end, when a server restarts or a proxy says so.
                Ok(Follow::Ended) if heard => self.machine.spread(self.timing.first_retry),
                other => {
                    failures += 1;
                    let error = other.err().unwrap_or_else(|| "the stream was empty".to_owned());
                    tracing::warn!(error, "verify.feed_failed");
                    let (first, longest) = (self.timing.first_retry, self.timing.longest_retry);
                    self.machine.spread(back_off(failures, first, longest))
                }
            };
            self.bell.wait(wait);
        }
    }

    /// Asks until nothing more is known.
    fn catch_up(&self) -> Result<(), String> {
        loop {
            let url = self.url();
            let asked_at = self.machine.now();
            let answer = self.http.get(&url, MEDIA_TYPE, BYTES)?;
            let text = String::from_utf8(answer.body).map_err(|_| format!("{url} is no text"))?;
            if !self.take(text.trim(), asked_at)? || self.bell.has_ended() {
                return Ok(());
            }
        }
    }

    /// Listens until the stream ends. `heard`: it told something.
    fn follow(&self, heard: &mut bool) -> Result<Follow, String> {
        let position = self.held.read().unwrap_or_else(PoisonError::into_inner).position;
        let url = self.url();
        let answer = self.streams.stream(&url, position)?;
        if answer.status() != 200 {
            return Err(format!("{url} answers {}", answer.status().as_u16()));
        }
        if http::media_type(&answer) != "text/event-stream" {
            return Ok(Follow::Poll);
        }
        let mut lines = BufReader::new(answer.into_body().into_reader());
        loop {
            match server_sent::next(&mut lines) {
                Ok(Some(data)) => drop(self.take(&data, self.machine.now())?),
                Ok(None) => return Ok(Follow::Ended),
                Err(error) => return Err(format!("{url}: {error}")),
            }
            *heard = true;
            if self.bell.has_ended() {
                return Ok(Follow::Ended);
            }
        }
    }

    fn url(&self) -> String {
        let position = self.held.read().unwrap_or_else(PoisonError::into_inner).position;
        format!("{}?since={position}", self.issuer.below("/oauth/revocations"))
    }

    /// Takes a signed statement in; whether there is more to ask for.
    fn take(&self, token: &str, received_at: UnixTime) -> Result<bool, String> {
        let statement = self.open(token).map_err(|refusal| refusal.to_string())?;
        let now = self.machine.now();
        if statement.iss != self.issuer.url {
            return Err(Refusal::WrongIssuer.to_string());
        }
        if statement.iat > now.seconds() + self.leeway.0 {
            return Err(Refusal::NotYetValid.to_string());
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let more = held.take(&statement, received_at)?;
        held.set.forget_expired(now.seconds() - self.leeway.0);
        Ok(more)
    }

    fn open(&self, token: &str) -> Result<Statement, Refusal> {
        let jws = Jws::parse(token, &Expected { typ: TYPE, algorithms: &self.algorithms })?;
        let unknown = |_| Refusal::Unavailable(What::Keys);
        let keys = self.jwks.with(&jws.kid, true).map_err(unknown)?;
        let key = keys.by_kid.get(&jws.kid).ok_or(Refusal::UnknownKey)?;
        serde_json::from_slice(&jws.open(key)?).map_err(|_| Refusal::Malformed)
    }
}

/// What comes after a stream.
enum Follow {
    Ended,
    /// The server does not stream.
    Poll,
}

impl Held {
    fn take(&mut self, statement: &Statement, received_at: UnixTime) -> Result<bool, String> {
        if statement.since > self.position {
            return Err(format!(
                "the feed went on from {} and not from {}",
                statement.since, self.position
            ));
        }
        if statement.more && statement.position <= statement.since {
            return Err("the feed has more, and does not go on".to_owned());
        }
        if statement.revocations.len() > MOST {
            return Err(format!("a statement has more than {MOST} revocations"));
        }
        let decoded: Option<Vec<_>> = statement
            .revocations
            .iter()
            .map(|entry| {
                Some((SubjectDigest::decode(&entry.subject)?, entry.not_before, entry.exp))
            })
            .collect();
        let entries = decoded.ok_or("the feed names a subject that cannot be read")?;
        for (subject, not_before, expires_at) in entries {
            self.set.add(subject, not_before, expires_at);
        }
        // One process of several may be behind another, and a restored database
        // behind itself: both tell everything from the start. What is known
        // stays known.
        if statement.since == 0 || statement.position > self.position {
            self.position = statement.position;
        }
        if !statement.more {
            // A statement that was held back is as old as it says.
            let as_of = UnixTime::from_seconds(statement.iat).min(received_at);
            self.as_of = self.as_of.max(Some(as_of));
        }
        Ok(statement.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::revocation_feed::Entry;

    const RECEIVED: UnixTime = UnixTime::from_seconds(1_000);

    fn statement(since: i64, position: i64, more: bool) -> Statement {
        let entry = Entry {
            subject: SubjectDigest::new(Kind::Token, &position.to_string()).encode(),
            not_before: 2_000,
            exp: 2_000,
        };
        let iss = "https://i.example".into();
        Statement { iss, iat: 990, since, position, more, revocations: vec![entry] }
    }

    fn covers(held: &Held, jti: &str) -> bool {
        held.set.covers(&[(Kind::Token, SubjectDigest::new(Kind::Token, jti))], 900).is_some()
    }

    #[test]
    fn what_is_held_is_as_old_as_the_last_whole_statement_says() {
        let mut held = Held::default();
        assert_eq!(held.take(&statement(0, 5, true), RECEIVED), Ok(true));
        assert_eq!(held.as_of, None, "there is more");
        assert_eq!(held.take(&statement(5, 9, false), RECEIVED), Ok(false));
        assert_eq!(held.as_of, Some(UnixTime::from_seconds(990)));
        assert!(covers(&held, "5") && covers(&held, "9") && !covers(&held, "7"));

        let ahead = Statement { iat: 1_003, ..statement(9, 9, false) };
        held.take(&ahead, RECEIVED).unwrap();
        assert_eq!(held.as_of, Some(RECEIVED), "never younger than when it came");
        held.take(&statement(9, 9, false), RECEIVED).unwrap();
        assert_eq!(held.as_of, Some(RECEIVED), "an old one again changes nothing");
    }

    #[test]
    fn a_gap_and_a_subject_that_cannot_be_read_are_not_passed_over() {
        let mut held = Held::default();
        assert!(held.take(&statement(3, 5, false), RECEIVED).is_err());
        let mut odd = statement(0, 5, false);
        odd.revocations[0].subject = "short".into();
        assert!(held.take(&odd, RECEIVED).is_err());
        assert!(held.take(&statement(0, 0, true), RECEIVED).is_err(), "for ever more");
        assert_eq!((held.position, held.as_of), (0, None));
    }

    #[test]
    fn a_feed_that_went_back_is_read_from_its_start_and_takes_nothing_back() {
        let mut held = Held::default();
        held.take(&statement(0, 9, false), RECEIVED).unwrap();
        held.take(&statement(3, 4, false), RECEIVED).unwrap();
        assert_eq!(held.position, 9, "an overlap of a stream and what was missed");
        held.take(&statement(0, 4, false), RECEIVED).unwrap();
        assert_eq!(held.position, 4);
        assert!(covers(&held, "9") && covers(&held, "4"));
    }
}
