//! A thing to look at: what it is about, how urgent it is, and whether somebody
//! set it aside.
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// Declares [`Kind`] with the word that is stored for each.
macro_rules! kinds {
    ($($name:ident $word:literal,)*) => {
        /// What is to be looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($name,)* }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for it in the database and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

kinds! {
    ApplicationSilent "application_silent",
    ApplicationSuspended "application_suspended",
    Hoarder "hoarder",
    KeyRotation "key_rotation",
    LimitMet "limit_met",
    NoAccess "no_access",
    NoSecret "no_secret",
    Refused "refused",
    ScopeRefused "scope_refused",
    ScopesIdle "scopes_idle",
    SecretEnding "secret_ending",
    SecretGhost "secret_ghost",
    SecretOld "secret_old",
    SecretSilent "secret_silent",
    SecretSpread "secret_spread",
    SecretUnused "secret_unused",
    SeveralSecrets "several_secrets",
    Stranger "stranger",
}

impl Kind {
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// What a thing to look at is about: the same tomorrow, whatever its words then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Matter {
    pub kind: Kind,
    /// The application concerned; empty: none.
    pub client_id: String,
    /// The secret, scope, key, API or address; empty: the application itself.
    pub subject: String,
}

impl Matter {
    pub fn new(kind: Kind, client_id: &str, subject: &str) -> Self {
        Self { kind, client_id: client_id.to_owned(), subject: subject.to_owned() }
    }

    /// What the log calls it.
    pub fn id(&self) -> String {
        let parts = [self.kind.as_str(), &self.client_id, &self.subject];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }
}

/// How urgent it is, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Good to know; nothing has to be done.
    Calm,
    Low,
    /// It will be urgent when nobody does anything.
    Raised,
    /// Something fails, or will within days.
    Urgent,
}

impl Urgency {
    /// How long it may be set aside.
    pub const fn rest(self) -> Seconds {
        match self {
            Self::Urgent => Seconds::DAY,
            Self::Calm | Self::Low | Self::Raised => Seconds::days(30),
        }
    }

    pub const fn number(self) -> i64 {
        match self {
            Self::Calm => 0,
            Self::Low => 1,
            Self::Raised => 2,
            Self::Urgent => 3,
        }
    }

    pub fn from_number(number: i64) -> Option<Self> {
        let all = [Self::Calm, Self::Low, Self::Raised, Self::Urgent];
        all.into_iter().find(|urgency| urgency.number() == number)
    }
}

/// That somebody set a thing aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissal {
    pub matter: Matter,
    /// How urgent it was then.
    pub urgency: Urgency,
    /// What was said then.
    pub said: String,
    /// The name of who did it.
    pub by: String,
    pub at: UnixTime,
    pub until: UnixTime,
}

impl Dismissal {
    /// Whether it holds for what is `urgency` now: what became more urgent is
    /// said again.
    pub fn holds(&self, urgency: Urgency, now: UnixTime) -> bool {
        now < self.until && urgency <= self.urgency
    }
}

/// Divides things in those that are said and those that are set aside, both in
/// the order they came.
pub fn divide<T>(
    things: Vec<T>,
    of: impl Fn(&T) -> (Matter, Urgency),
    dismissals: &[Dismissal],
    now: UnixTime,
) -> (Vec<T>, Vec<(T, Dismissal)>) {
    let (mut said, mut aside) = (Vec::new(), Vec::new());
    for thing in things {
        let (matter, urgency) = of(&thing);
        let held = dismissals.iter().find(|d| d.matter == matter && d.holds(urgency, now));
        match held {
            Some(dismissal) => aside.push((thing, dismissal.clone())),
            None => said.push(thing),
        }
    }
    (said, aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_400);

    fn dismissal(kind: Kind, urgency: Urgency) -> Dismissal {
        Dismissal {
            matter: Matter::new(kind, "m2m_1", "sec_1"),
            urgency,
            said: String::new(),
            by: "Ada".into(),
            at: NOW,
            until: NOW + urgency.rest(),
        }
    }

    #[test]
    fn what_is_urgent_rests_for_a_day_and_other_things_for_thirty() {
        assert_eq!(Urgency::Urgent.rest(), Seconds::days(1));
        for urgency in [Urgency::Calm, Urgency::Low, Urgency::Raised] {
            assert_eq!(urgency.rest(), Seconds::days(30));
        }
    }

    #[test]
    fn what_becomes_more_urgent_is_said_again() {
        let aside = dismissal(Kind::SecretEnding, Urgency::Raised);
        assert!(aside.holds(Urgency::Low, NOW) && aside.holds(Urgency::Raised, NOW));
        assert!(!aside.holds(Urgency::Urgent, NOW));
        assert!(aside.holds(Urgency::Raised, aside.until - Seconds(1)));
        assert!(!aside.holds(Urgency::Low, aside.until), "its time is over");
    }

    #[test]
    fn a_dismissal_is_of_one_thing() {
        let things = vec![
            Matter::new(Kind::SecretEnding, "m2m_1", "sec_1"),
            Matter::new(Kind::SecretEnding, "m2m_1", "sec_2"),
            Matter::new(Kind::SecretUnused, "m2m_1", "sec_1"),
        ];
        let dismissals = [dismissal(Kind::SecretEnding, Urgency::Low)];
        let (said, aside) = divide(things, |m| (m.clone(), Urgency::Low), &dismissals, NOW);
        assert_eq!(said.len(), 2);
        assert_eq!(aside[0].0, dismissals[0].matter);
    }

    #[test]
    fn every_word_is_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        for number in 0..4 {
            assert_eq!(Urgency::from_number(number).map(Urgency::number), Some(number));
        }
        assert_eq!(Urgency::from_number(4), None);
    }
}
