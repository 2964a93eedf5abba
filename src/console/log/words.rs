//! The words of the log for people.
use crate::admin::sessions::Refused;
use crate::model::openid::Refusal;
use crate::oauth::reason::{Check, Reason};
use crate::texts::en;

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
    ("no_token", en("No token")),
    ("malformed_token", en("Token cannot be read")),
    ("not_ours", en("Not signed by us")),
    ("expired", en("Token expired")),
    ("revoked", en("Token revoked")),
    ("client_inactive", en("Application suspended or deleted")),
    ("wrong_audience", en("Token for another API")),
    ("scope_missing", en("Scope of the route missing")),
    ("route_not_listed", en("No route lists it")),
    ("path_ambiguous", en("Path that can be read in two ways")),
    ("gateway_misconfigured", en("Gateway does not say what for")),
    ("unknown_resource", en("Gateway names no API")),
];

/// What people read for a stored word; the word itself, when it is of another
/// version of ours.
pub fn reason(word: &str) -> &str {
    if word == "many" {
        return en("Too many kinds to tell apart");
    }
    reasons().find(|(known, _)| *known == word).map_or(word, |(_, text)| text)
}

pub const fn check(check: Check) -> &'static str {
    match check {
        Check::Request => en("Request"),
        Check::Client => en("Client"),
        Check::Credential => en("Secret"),
        Check::Resource => en("API"),
        Check::Scope => en("Scope"),
        Check::Token => en("Token"),
    }
}

/// What a client asked for that was not a token; empty for a token.
pub fn asked(code: &str) -> &'static str {
    match code {
        "token.revoked" => en("a token of its own"),
        "token.revocation_denied" | "token.revocation_failed" => en("Revoking a token"),
        "token.introspection_denied" | "token.introspection_failed" => en("Introspection"),
        _ => "",
    }
}

/// How somebody proved who they are.
pub fn method(word: &str) -> &str {
    match word {
        "client_secret_basic" => en("Basic header"),
        "client_secret_post" => en("Form post"),
        "session" => en("Console session"),
        "cli" => en("Command line"),
        other => other,
    }
}

/// What an act was done to.
pub fn target(kind: &str) -> &str {
    match kind {
        "administrator" => en("person"),
        "approval" => en("request to"),
        "everything" => "",
        "key" => en("signing key"),
        "nudge" => en("thing to look at"),
        "resource" => en("API"),
        other => other,
    }
}

const fn of_token(reason: Reason) -> &'static str {
    match reason {
        Reason::RequestMalformed => en("Request cannot be read"),
        Reason::ParametersInQuery => en("Parameters in the URL"),
        Reason::SeveralCredentials => en("Two ways of authenticating"),
        Reason::NoCredential => en("No credential"),
        Reason::RateLimited => en("Too many wrong secrets"),
        Reason::UnknownClient => en("No application has this client ID"),
        Reason::ClientSuspended => en("Application suspended"),
        Reason::ClientDeleted => en("Application deleted"),
        Reason::BadSecret => en("Wrong secret"),
        Reason::SecretExpired => en("Secret expired"),
        Reason::SecretRevoked => en("Secret revoked"),
        Reason::ClientMismatch => en("Two client IDs"),
        Reason::GrantTypeMissing => en("No grant type"),
        Reason::GrantTypeNotSupported => en("Another grant type"),
        Reason::ResourceMissing => en("No API named"),
        Reason::ResourceMalformed => en("APIs cannot be read"),
        Reason::ResourceNotGranted => en("API not granted"),
        Reason::ResourcesNotTogether => en("APIs that sign differently"),
        Reason::ScopeMalformed => en("Scope cannot be read"),
        Reason::ScopeNotGranted => en("Scope not granted"),
        Reason::TokenMissing => en("No token given"),
        Reason::TokenOfAnother => en("Token of another application"),
        Reason::ApplicationLimit => en("Application's limit met"),
        Reason::ResourceLimit => en("API's limit met"),
        Reason::Overloaded => en("Server could not record it"),
    }
}

const fn of_session(reason: Refused) -> &'static str {
    match reason {
        Refused::BadCode => en("Wrong code"),
        Refused::BadPasskey => en("Passkey not accepted"),
        Refused::BadPassword => en("Wrong password"),
        Refused::Blocked => en("Address blocked"),
        Refused::ClonedPasskey => en("Counter of the passkey went back"),
        Refused::NotThroughProvider => en("Not through the provider"),
        Refused::UnknownPasskey => en("Passkey nobody has"),
        Refused::UsedChallenge => en("Passkey answered too late or twice"),
        Refused::Suspended => en("Person suspended"),
        Refused::Throttled => en("Too many wrong passwords"),
        Refused::UnknownAccount => en("Nobody has this address"),
        Refused::UsedCode => en("Code used before"),
    }
}

const fn of_openid(reason: Refusal) -> &'static str {
    match reason {
        Refusal::AddressBlocked => of_session(Refused::Blocked),
        Refusal::BadAlgorithm => en("ID token: algorithm not taken"),
        Refusal::BadAnswer => en("Provider's answer cannot be read"),
        Refusal::BadSignature => en("ID token: wrong signature"),
        Refusal::CodeRefused => en("Provider did not take the code"),
        Refusal::EmailTaken => en("Another account has the address"),
        Refusal::IdentityTaken => en("Another account has the identity"),
        Refusal::LastOwner => en("The last owner would be none"),
        Refusal::NoAccount => en("No account here"),
        Refusal::NoEmail => en("Provider gave no address"),
        Refusal::NoRole => en("Claim stands for no role"),
        Refusal::NotNow => en("Provider did not ask again"),
        Refusal::OtherBrowser => en("Began in another browser"),
        Refusal::OtherPerson => en("Came back as somebody else"),
        Refusal::ProviderRefused => en("Provider said no"),
        Refusal::Suspended => of_session(Refused::Suspended),
        Refusal::TokenExpired => en("ID token: of another time"),
        Refusal::Unavailable => en("Provider does not answer"),
        Refusal::UnknownKey => en("ID token: unknown key"),
        Refusal::UnknownState => en("Never begun, used or too old"),
        Refusal::UnverifiedEmail => en("Provider did not verify the address"),
        Refusal::WrongAudience => en("ID token: for somebody else"),
        Refusal::WrongHash => en("ID token: of another access token"),
        Refusal::WrongIssuer => en("Of another provider"),
        Refusal::WrongNonce => en("ID token: wrong nonce"),
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
