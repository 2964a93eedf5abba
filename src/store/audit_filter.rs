//! What a reading of the audit log may be narrowed to.
use super::audit_log::StoredEvent;
use crate::model::audit_event::Event;
use crate::oauth::UnixTime;

/// What the log may be narrowed to. Times are inclusive below and exclusive
/// above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `token`, `application` …; `None` for all.
    pub category: Option<String>,
    /// Everything but token requests and accesses.
    pub acts_only: bool,
    pub outcome: Option<OutcomeFilter>,
    pub client_id: Option<String>,
    /// The identifier of a resource.
    pub resource: Option<String>,
    pub reason: Option<String>,
    pub from: Option<UnixTime>,
    pub to: Option<UnixTime>,
    /// An event's id: a request id without its `req_`.
    pub id: Option<String>,
    /// Of acts alone.
    pub act: ActFilter,
    /// A scope that was asked for or granted.
    pub scope: Option<String>,
    /// The id of the secret that was presented.
    pub secret: Option<String>,
    /// Where it came from, as it was recorded.
    pub address: Option<String>,
}

/// What acts may be narrowed to besides. Anything but the default leaves
/// everything else out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActFilter {
    /// Leave out who signed in, who read the log, and starts and stops of the
    /// server.
    pub changes_only: bool,
    /// The name of who did it.
    pub actor: Option<String>,
    /// The id of what it was done to, or of the application concerned.
    pub target: Option<String>,
    pub code: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeFilter {
    Success,
    /// Denied or failed.
    Refused,
}

impl Filter {
    /// What it narrows to, for the record of who read it: nothing for all.
    pub fn describe(&self) -> String {
        let flag = |is: bool| is.then(|| "yes".to_owned());
        let time = |at: UnixTime| {
            let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
            at.to_string()
        };
        let outcome = self.outcome.map(|outcome| match outcome {
            OutcomeFilter::Success => "success".to_owned(),
            OutcomeFilter::Refused => "refused".to_owned(),
        });
        let pairs = [
            ("category", self.category.clone()),
            ("acts", flag(self.acts_only)),
            ("outcome", outcome),
            ("client_id", self.client_id.clone()),
            ("resource", self.resource.clone()),
            ("reason", self.reason.clone()),
            ("scope", self.scope.clone()),
            ("secret", self.secret.clone()),
            ("address", self.address.clone()),
            ("id", self.id.clone()),
            ("changes", flag(self.act.changes_only)),
            ("actor", self.act.actor.clone()),
            ("target", self.act.target.clone()),
            ("code", self.act.code.clone()),
            ("from", self.from.map(time)),
            ("to", self.to.map(time)),
        ];
        let given = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// Whether it leaves token requests and accesses out.
    pub(super) fn is_of_acts(&self) -> bool {
        self.acts_only
            || self.act != ActFilter::default()
            || self.category.as_deref().is_some_and(|it| !matches!(it, "token" | "access"))
    }

    /// Whether it asks for what only the body of an event says.
    pub(super) fn sifts(&self) -> bool {
        self.scope.is_some() || self.secret.is_some() || self.address.is_some()
    }

    /// Whether an event has the scope, the secret and the address that are asked
    /// for.
    pub fn passes(&self, event: &Event) -> bool {
        let token = event.token.as_ref();
        let scopes = token.map(|token| [&token.scope_requested, &token.scope_granted]);
        let has = |scope: &String| {
            let words = scopes.iter().flatten().filter_map(|words| words.as_deref());
            words.flat_map(str::split_whitespace).any(|word| word == scope)
        };
        self.scope.as_ref().is_none_or(has)
            && (self.secret.is_none() || self.secret == event.actor.credential_id)
            && (self.address.is_none() || self.address == event.source.address)
    }

    /// The same of a row; its text says whether it is worth reading.
    pub(super) fn fits(&self, row: &StoredEvent) -> bool {
        let words = [self.scope.as_deref(), self.secret.as_deref(), self.address.as_deref()];
        words.into_iter().flatten().all(|word| row.body.contains(word))
            && row.event().is_some_and(|event| self.passes(&event))
    }
}
