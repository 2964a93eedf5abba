//! The words of the log for people.
use crate::admin::sessions::Refused;
use crate::model::openid::Refusal;
use crate::oauth::reason::{Check, Reason};

/// Every reason there is: the word that is stored, and the one people read.
pub fn reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_tokens = Reason::ALL.iter().map(|known| (known.as_str(), of_token(*known)));
    let of_sessions = Refused::ALL.iter().map(|known| (known.as_str(), of_session(*known)));
    let of_provider = Refusal::ALL.iter().filter(|known| known.as_str().starts_with("openid_"));
    let of_provider = of_provider.map(|known| (known.as_str(), of_openid(*known)));
    of_tokens.chain(of_sessions).chain(of_provider).chain(OF_ACCESSES)
}

/// Why the gate or introspection refused, by the words of `model::access`.
const OF_ACCESSES: [(&str, &str); 12] = [
    ("no_token", "No token"),
    ("malformed_token", "Token cannot be read"),
    ("not_ours", "Not signed by us"),
    ("expired", "Token expired"),
    ("revoked", "Token revoked"),
    ("client_inactive", "Application suspended or deleted"),
    ("wrong_audience", "Token for another API"),
    ("scope_missing", "Scope of the route missing"),
    ("route_not_listed", "No route lists it"),
    ("path_ambiguous", "Path that can be read in two ways"),
    ("gateway_misconfigured", "Gateway does not say what for"),
    ("unknown_resource", "Gateway names no API"),
];

/// What people read for a stored word; the word itself, when it is of another
/// version of ours.
pub fn reason(word: &str) -> &str {
    if word == "many" {
        return "Too many kinds to tell apart";
    }
    reasons().find(|(known, _)| *known == word).map_or(word, |(_, text)| text)
}

pub const fn check(check: Check) -> &'static str {
    match check {
        Check::Request => "Request",
        Check::Client => "Client",
        Check::Credential => "Secret",
        Check::Resource => "API",
        Check::Scope => "Scope",
        Check::Token => "Token",
    }
}

/// What a client asked for that was not a token; empty for a token.
pub fn asked(code: &str) -> &'static str {
    match code {
        "token.revoked" => "a token of its own",
        "token.revocation_denied" | "token.revocation_failed" => "Revoking a token",
        "token.introspection_denied" | "token.introspection_failed" => "Introspection",
        _ => "",
    }
}

/// How somebody proved who they are.
pub fn method(word: &str) -> &str {
    match word {
        "client_secret_basic" => "Basic header",
        "client_secret_post" => "Form post",
        "session" => "Console session",
        "cli" => "Command line",
        other => other,
    }
}

/// What an act was done to.
pub fn target(kind: &str) -> &str {
    match kind {
        "administrator" => "person",
        "approval" => "request to",
        "everything" => "",
        "key" => "signing key",
        "nudge" => "thing to look at",
        "resource" => "API",
        other => other,
    }
}

/// A field of a change: `token_lifetime_seconds` is `token lifetime seconds`.
pub fn field(word: &str) -> String {
    word.replace('_', " ")
}

const fn of_token(reason: Reason) -> &'static str {
    match reason {
        Reason::RequestMalformed => "Request cannot be read",
        Reason::ParametersInQuery => "Parameters in the URL",
        Reason::SeveralCredentials => "Two ways of authenticating",
        Reason::NoCredential => "No credential",
        Reason::RateLimited => "Too many wrong secrets",
        Reason::UnknownClient => "No application has this client ID",
        Reason::ClientSuspended => "Application suspended",
        Reason::ClientDeleted => "Application deleted",
        Reason::BadSecret => "Wrong secret",
        Reason::SecretExpired => "Secret expired",
        Reason::SecretRevoked => "Secret revoked",
        Reason::ClientMismatch => "Two client IDs",
        Reason::GrantTypeMissing => "No grant type",
        Reason::GrantTypeNotSupported => "Another grant type",
        Reason::ResourceMissing => "No API named",
        Reason::ResourceMalformed => "APIs cannot be read",
        Reason::ResourceNotGranted => "API not granted",
        Reason::ResourcesNotTogether => "APIs that sign differently",
        Reason::ScopeMalformed => "Scope cannot be read",
        Reason::ScopeNotGranted => "Scope not granted",
        Reason::TokenMissing => "No token given",
        Reason::TokenOfAnother => "Token of another application",
        Reason::ApplicationLimit => "Application's limit met",
        Reason::ResourceLimit => "API's limit met",
        Reason::Overloaded => "Server could not record it",
    }
}

const fn of_session(reason: Refused) -> &'static str {
    match reason {
        Refused::BadCode => "Wrong code",
        Refused::BadPasskey => "Passkey not accepted",
        Refused::BadPassword => "Wrong password",
        Refused::Blocked => "Address blocked",
        Refused::ClonedPasskey => "Counter of the passkey went back",
        Refused::NotThroughProvider => "Not through the provider",
        Refused::UnknownPasskey => "Passkey nobody has",
        Refused::UsedChallenge => "Passkey answered too late or twice",
        Refused::Suspended => "Person suspended",
        Refused::Throttled => "Too many wrong passwords",
        Refused::UnknownAccount => "Nobody has this address",
        Refused::UsedCode => "Code used before",
    }
}

const fn of_openid(reason: Refusal) -> &'static str {
    match reason {
        Refusal::AddressBlocked => of_session(Refused::Blocked),
        Refusal::BadAlgorithm => "ID token: algorithm not taken",
        Refusal::BadAnswer => "Provider's answer cannot be read",
        Refusal::BadSignature => "ID token: wrong signature",
        Refusal::CodeRefused => "Provider did not take the code",
        Refusal::EmailTaken => "Another account has the address",
        Refusal::IdentityTaken => "Another account has the identity",
        Refusal::LastOwner => "The last owner would be none",
        Refusal::NoAccount => "No account here",
        Refusal::NoEmail => "Provider gave no address",
        Refusal::NoRole => "Claim stands for no role",
        Refusal::NotNow => "Provider did not ask again",
        Refusal::OtherBrowser => "Began in another browser",
        Refusal::OtherPerson => "Came back as somebody else",
        Refusal::ProviderRefused => "Provider said no",
        Refusal::Suspended => of_session(Refused::Suspended),
        Refusal::TokenExpired => "ID token: of another time",
        Refusal::Unavailable => "Provider does not answer",
        Refusal::UnknownKey => "ID token: unknown key",
        Refusal::UnknownState => "Never begun, used or too old",
        Refusal::UnverifiedEmail => "Provider did not verify the address",
        Refusal::WrongAudience => "ID token: for somebody else",
        Refusal::WrongHash => "ID token: of another access token",
        Refusal::WrongIssuer => "Of another provider",
        Refusal::WrongNonce => "ID token: wrong nonce",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refused_access_has_words() {
        use crate::model::access::Decision::{
            ClientInactive, Expired, MalformedToken, Misconfigured, NoToken, NotOurs,
            PathAmbiguous, Revoked, RouteNotListed, ScopeMissing, UnknownResource, WrongAudience,
        };
        let revoked = Revoked(crate::oauth::revocation::Kind::Token);
        for decision in [
            ClientInactive,
            Expired,
            MalformedToken,
            Misconfigured,
            NoToken,
            NotOurs,
            PathAmbiguous,
            revoked,
            RouteNotListed,
            ScopeMissing,
            UnknownResource,
            WrongAudience,
        ] {
            assert_ne!(reason(decision.as_str()), decision.as_str());
        }
    }

    #[test]
    fn every_reason_has_its_own_words() {
        let mut texts: Vec<_> = reasons().map(|(_, text)| text).collect();
        let all = texts.len();
        // Two of the provider's are those of any sign-in.
        let openid = Refusal::ALL.len() - 2;
        assert_eq!(all, Reason::ALL.len() + Refused::ALL.len() + openid + OF_ACCESSES.len());
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all);
        assert_eq!(reason("scope_not_granted"), "Scope not granted");
        assert_eq!(reason("of_a_later_version"), "of_a_later_version");
    }
}
