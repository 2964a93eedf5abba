//! Tokens that are not accepted although they have not expired.
//!
//! A revocation names a subject and a time: tokens of that subject issued
//! before that time are dead. Of several the latest time wins. Verifiers that
//! keep a set of their own learn subjects as digests only, so that the public
//! feed says nothing to who does not hold the token.
use std::collections::HashMap;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::access_token::Verified;

/// What a revocation may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One token, by its `jti`.
    Token,
    /// All tokens of a client, by its `client_id`.
    Application,
    /// All that were got with one secret, by its id.
    Secret,
    /// All for one resource, by its identifier.
    Resource,
    /// All that one key signed, by its `kid`.
    Key,
    Everything,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Token, Self::Application, Self::Secret, Self::Resource, Self::Key, Self::Everything];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Application => "application",
            Self::Secret => "secret",
            Self::Resource => "resource",
            Self::Key => "key",
            Self::Everything => "everything",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The first 16 bytes of the SHA-256 of `kind:subject`, for example of
/// `application:m2m_…`; of everything, of `everything:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectDigest(pub [u8; 16]);

impl SubjectDigest {
    pub fn new(kind: Kind, subject: &str) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(kind.as_str().as_bytes());
        context.update(b":");
        context.update(subject.as_bytes());
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(context.finish().as_ref()) {
            *byte = *hashed;
        }
        Self(bytes)
    }

    /// 22 characters of base64url.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn decode(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

/// Every subject that `token` belongs to.
pub fn subjects(token: &Verified) -> Vec<(Kind, SubjectDigest)> {
    let claims = &token.claims;
    let named = [
        (Kind::Everything, ""),
        (Kind::Token, claims.jti.as_str()),
        (Kind::Application, claims.client_id.as_str()),
        (Kind::Secret, claims.credential_id.as_str()),
        (Kind::Key, token.kid.as_str()),
    ];
    let resources = claims.aud.resources().iter().map(|uri| (Kind::Resource, uri.as_str()));
    named
        .into_iter()
        .chain(resources)
        .map(|(kind, subject)| (kind, SubjectDigest::new(kind, subject)))
        .collect()
}

/// The revocations in force.
#[derive(Clone, Debug, Default)]
pub struct RevocationSet {
    entries: HashMap<SubjectDigest, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    not_before: i64,
    expires_at: i64,
}

impl RevocationSet {
    /// Tokens of `subject` issued before `not_before` are dead. After
    /// `expires_at` none of them is left. Both are `NumericDate`s.
    pub fn add(&mut self, subject: SubjectDigest, not_before: i64, expires_at: i64) {
        let entry = self.entries.entry(subject).or_insert(Entry { not_before, expires_at });
        entry.not_before = entry.not_before.max(not_before);
        entry.expires_at = entry.expires_at.max(expires_at);
    }

    /// The kind of the first of `subjects` that is revoked for a token issued
    /// at `issued_at`.
    pub fn covers(&self, subjects: &[(Kind, SubjectDigest)], issued_at: i64) -> Option<Kind> {
        subjects.iter().find(|(_, s)| self.not_before(s) > issued_at).map(|(kind, _)| *kind)
    }

    /// The latest time before which tokens of `subject` are dead; the smallest
    /// there is when none are.
    pub fn not_before(&self, subject: &SubjectDigest) -> i64 {
        self.entries.get(subject).map_or(i64::MIN, |entry| entry.not_before)
    }

    /// Drops what no living token can be touched by.
    pub fn forget_expired(&mut self, now: i64) {
        self.entries.retain(|_, entry| entry.expires_at > now);
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::access_token::{Audience, Claims};

    fn token(iat: i64) -> Verified {
        Verified {
            kid: "k1".into(),
            claims: Claims {
                iss: "https://issuer.example".into(),
                sub: "m2m_1".into(),
                aud: Audience::Several(vec!["https://a.example".into(), "urn:b".into()]),
                exp: iat + 600,
                iat,
                jti: "01K".into(),
                client_id: "m2m_1".into(),
                scope: String::new(),
                credential_id: "sec_1".into(),
                status: None,
            },
        }
    }

    #[test]
    fn a_token_is_dead_by_whichever_of_its_subjects_is_revoked() {
        let subjects = subjects(&token(100));
        for (kind, subject) in [
            (Kind::Token, "01K"),
            (Kind::Application, "m2m_1"),
            (Kind::Secret, "sec_1"),
            (Kind::Resource, "https://a.example"),
            (Kind::Resource, "urn:b"),
            (Kind::Key, "k1"),
            (Kind::Everything, ""),
        ] {
            let mut set = RevocationSet::default();
            assert_eq!(set.covers(&subjects, 100), None);
            set.add(SubjectDigest::new(kind, subject), 101, 700);
            assert_eq!(set.covers(&subjects, 100), Some(kind), "{subject}");
            assert_eq!(set.covers(&subjects, 101), None, "{subject}: issued after it");
        }
    }

    /// Keycloak CVE-2026-8922 and -18218: an earlier time must not undo a later.
    #[test]
    fn of_several_times_the_latest_wins_in_whatever_order_they_come() {
        let subject = SubjectDigest::new(Kind::Application, "m2m_1");
        for times in [[50, 200], [200, 50]] {
            let mut set = RevocationSet::default();
            for time in times {
                set.add(subject, time, time + 600);
            }
            assert_eq!(set.not_before(&subject), 200);
            set.forget_expired(700);
            assert_eq!(set.len(), 1, "the later one is still needed");
            set.forget_expired(800);
            assert!(set.is_empty());
        }
    }

    /// Verifiers in other languages compute the same.
    #[test]
    fn a_subject_is_written_as_the_start_of_a_hash_of_its_kind_and_name() {
        let digest = SubjectDigest::new(Kind::Application, "m2m_1");
        assert_eq!(digest.encode().len(), 22);
        assert_eq!(SubjectDigest::decode(&digest.encode()), Some(digest));
        assert_ne!(digest, SubjectDigest::new(Kind::Token, "m2m_1"));
        assert_eq!(SubjectDigest::decode("short"), None);
    }
}
