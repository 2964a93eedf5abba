//! Each API of an application as a line, each scope as a stop on it: granted and
//! used, granted and idle, or asked for and not granted. Pure.
use std::collections::HashMap;

use super::show::Line;
use crate::console::count;
use crate::console::moment::Moment;
use crate::model::grant::Grant;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::Asked;

/// A granted scope that no token carried for this long is idle.
pub const IDLE: Seconds = Seconds::days(90);

/// How far back tokens are counted.
pub const COUNTED: Seconds = Seconds::days(30);

/// A scope that was refused less often is no wish.
const REFUSED: i64 = 1;

/// One API, with what was asked for there.
pub struct Used {
    pub grant: Grant,
    pub class: &'static str,
    pub is_whole: bool,
    pub tokens: String,
    pub last: Option<Moment>,
    pub stops: Vec<Stop>,
}

pub struct Stop {
    pub scope: String,
    pub state: State,
    /// In 30 days: tokens that carried it, or refusals.
    pub count: i64,
    /// Its part of the most used stop, of 100.
    pub share: u8,
    pub last: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Used,
    Idle,
    /// Not granted.
    Asked,
}

/// What was asked for in 30 and in 90 days, by API and scope.
pub struct Usage<'a> {
    counted: HashMap<(&'a str, &'a str), &'a Asked>,
    seen: HashMap<(&'a str, &'a str), &'a Asked>,
    now: UnixTime,
}

impl<'a> Usage<'a> {
    pub fn new(counted: &'a [Asked], seen: &'a [Asked], now: UnixTime) -> Self {
        let index = |rows: &'a [Asked]| {
            rows.iter().map(|row| ((row.resource.as_str(), row.scope.as_str()), row)).collect()
        };
        Self { counted: index(counted), seen: index(seen), now }
    }

    /// The lines of an application.
    pub fn lines(&self, access: &[Line]) -> Vec<Used> {
        let most = access
            .iter()
            .flat_map(|line| line.stops.iter().map(|stop| self.granted(line.identifier(), stop)))
            .max()
            .unwrap_or(0);
        access.iter().map(|line| self.line(line, most)).collect()
    }

    fn line(&self, line: &Line, most: i64) -> Used {
        let identifier = line.identifier();
        let mut stops: Vec<Stop> =
            line.stops.iter().map(|scope| self.stop(identifier, scope, most)).collect();
        let mut asked: Vec<Stop> = self
            .counted
            .values()
            .filter(|row| row.resource == identifier && row.refused >= REFUSED)
            .filter(|row| !row.scope.is_empty() && !line.stops.contains(&row.scope))
            .map(|row| Stop {
                scope: row.scope.clone(),
                state: State::Asked,
                count: row.refused,
                share: 0,
                last: Some(Moment::new(row.last_at, self.now)),
            })
            .collect();
        asked.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.scope.cmp(&b.scope)));
        stops.extend(asked);
        Used {
            grant: line.grant.clone(),
            class: line.class,
            is_whole: line.is_whole(),
            tokens: count::text(self.granted(identifier, "")),
            last: self.last(identifier, ""),
            stops,
        }
    }

    fn stop(&self, resource: &str, scope: &str, most: i64) -> Stop {
        let count = self.granted(resource, scope);
        let used = self.seen.get(&(resource, scope)).is_some_and(|row| row.granted > 0);
        Stop {
            scope: scope.to_owned(),
            state: if used { State::Used } else { State::Idle },
            count,
            share: share(count, most),
            last: self.last(resource, scope),
        }
    }

    fn granted(&self, resource: &str, scope: &str) -> i64 {
        self.counted.get(&(resource, scope)).map_or(0, |row| row.granted)
    }

    fn last(&self, resource: &str, scope: &str) -> Option<Moment> {
        let row = self.seen.get(&(resource, scope)).filter(|row| row.granted > 0);
        row.map(|row| Moment::new(row.last_at, self.now))
    }
}

impl Stop {
    pub fn counted(&self) -> String {
        count::text(self.count)
    }

    pub fn class(&self) -> &'static str {
        match self.state {
            State::Used => "",
            State::Idle => "idle",
            State::Asked => "asked",
        }
    }
}

/// Of 100; something is never nothing.
fn share(count: i64, most: i64) -> u8 {
    let share = count.saturating_mul(100).checked_div(most).unwrap_or(0);
    u8::try_from(share).unwrap_or(100).max(u8::from(count > 0) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grant::Access;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);
    const API: &str = "https://api.example.com/billing";

    fn asked(scope: &str, granted: i64, refused: i64) -> Asked {
        Asked {
            client_id: "m2m_1".into(),
            resource: API.into(),
            scope: scope.into(),
            granted,
            refused,
            last_at: NOW - Seconds::HOUR,
        }
    }

    fn line(scopes: &[&str]) -> Line {
        let names: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let grant = Grant {
            client_id: "m2m_1".into(),
            resource_id: "r".into(),
            resource_identifier: API.into(),
            resource_name: "Billing API".into(),
            access: Access::Scopes(names.clone()),
        };
        Line { grant, class: "l1", stops: names }
    }

    #[test]
    fn a_stop_is_used_idle_or_asked_for() {
        let counted = [asked("", 300, 14), asked("read", 300, 0), asked("export", 0, 14)];
        let mut seen = counted.to_vec();
        seen.push(asked("write", 5, 0));
        let lines = Usage::new(&counted, &seen, NOW).lines(&[line(&["read", "write", "refund"])]);
        let [line] = lines.as_slice() else { panic!() };
        let told: Vec<_> =
            line.stops.iter().map(|s| (s.scope.as_str(), s.state, s.count, s.share)).collect();
        assert_eq!(
            told,
            [
                ("read", State::Used, 300, 100),
                // Not in 30 days, but in 90.
                ("write", State::Used, 0, 0),
                ("refund", State::Idle, 0, 0),
                ("export", State::Asked, 14, 0),
            ]
        );
        assert_eq!(line.tokens, "300");
    }

    #[test]
    fn a_scope_that_was_refused_and_is_granted_by_now_is_no_wish() {
        let counted = [asked("write", 0, 3)];
        let lines = Usage::new(&counted, &counted, NOW).lines(&[line(&["write"])]);
        assert_eq!(lines.first().unwrap().stops.len(), 1);
    }
}
