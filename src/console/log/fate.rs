//! What has become of a token that was issued.
use crate::console::moment::Moment;
use crate::console::revocations::new_href;
use crate::console::revocations::what::{Names, What};
use crate::model::audit_event::Event;
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::store::{Conn, Error, revocations};

pub enum Fate {
    Revoked {
        at: Moment,
        href: String,
        what: Box<What>,
        reason: String,
    },
    Expired(Moment),
    /// Until when, and where it is revoked.
    Living(Moment, String),
}

impl Fate {
    /// `None` when the event issued no token.
    pub fn read(conn: &mut Conn, event: &Event, now: UnixTime) -> Result<Option<Self>, Error> {
        let token = event.token.as_ref().filter(|_| event.code == "token.issued");
        let Some((token, exp)) = token.and_then(|token| Some((token, token.exp?))) else {
            return Ok(None);
        };
        let mut subjects = vec![(Kind::Everything, ""), (Kind::Token, event.id.as_str())];
        let named = [
            (Kind::Application, event.client_id.as_deref()),
            (Kind::Secret, event.actor.credential_id.as_deref()),
            (Kind::Key, token.kid.as_deref()),
        ];
        subjects.extend(named.into_iter().filter_map(|(kind, subject)| Some((kind, subject?))));
        subjects.extend(token.resource.iter().map(|uri| (Kind::Resource, uri.as_str())));
        let issued_at = UnixTime::from_seconds(UnixTime(event.at).seconds());
        let end = UnixTime::from_seconds(exp);
        let first = revocations::first_covering(conn, &subjects, issued_at)?;
        // What came after its end did nothing to it.
        if let Some(found) = first.filter(|found| found.revocation.created_at < end) {
            let names = Names::read(conn, std::iter::once(&found.revocation))?;
            return Ok(Some(Self::Revoked {
                at: Moment::new(found.revocation.created_at, now),
                href: format!("/revocations/{}", found.revocation.id),
                what: Box::new(names.what(&found.revocation)),
                reason: found.revocation.reason,
            }));
        }
        let at = Moment::new(end, now);
        Ok(Some(if end <= now {
            Self::Expired(at)
        } else {
            Self::Living(at, new_href(Kind::Token.as_str(), &event.id))
        }))
    }
}
