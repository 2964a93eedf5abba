//! A thing to look at, as pages show it: what was seen, a verb, and where it
//! leads; and those that somebody set aside.
use super::moment::Moment;
use crate::model::nudge::{Dismissal, Matter, Urgency, divide};
use crate::oauth::UnixTime;
use crate::texts::{Text, en};

#[derive(Clone, Debug)]
pub struct Nudge {
    pub matter: Matter,
    pub urgency: Urgency,
    pub what: Text,
    pub so: Text,
    /// Where it leads, and what stands there.
    pub links: Vec<(String, &'static str)>,
}

/// One that was set aside.
pub struct Aside {
    pub matter: Matter,
    pub what: Text,
    /// The name of the application and its page, where it goes without saying
    /// on neither.
    pub of: Option<(String, String)>,
    pub by: String,
    pub until: Moment,
}

impl Nudge {
    /// How its signal stands.
    pub fn aspect(&self) -> &'static str {
        match self.urgency {
            Urgency::Urgent => "danger",
            Urgency::Raised | Urgency::Low => "caution",
            Urgency::Calm => "clear",
        }
    }

    /// For how long it may be set aside.
    pub fn rest(&self) -> &'static str {
        if self.urgency == Urgency::Urgent { en("a day") } else { en("30 days") }
    }
}

impl Aside {
    pub fn new(dismissal: Dismissal, now: UnixTime) -> Self {
        Self {
            matter: dismissal.matter,
            what: Text::data(dismissal.said),
            of: None,
            by: dismissal.by,
            until: Moment::new(dismissal.until, now),
        }
    }
}

/// Those that are said, and those that are set aside, in the words of today.
pub fn sort(
    nudges: Vec<Nudge>,
    dismissals: &[Dismissal],
    now: UnixTime,
) -> (Vec<Nudge>, Vec<Aside>) {
    let of = |nudge: &Nudge| (nudge.matter.clone(), nudge.urgency);
    let (said, aside) = divide(nudges, of, dismissals, now);
    let shown = |(nudge, dismissal): (Nudge, Dismissal)| Aside {
        what: nudge.what,
        ..Aside::new(dismissal, now)
    };
    (said, aside.into_iter().map(shown).collect())
}
