//! Why a token request was refused, in one sentence, and what would mend it.
use crate::oauth::reason::Reason;

/// What is known of a refused request, as people name it. Never empty.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub client: &'a str,
    pub secret: &'a str,
    pub resources: &'a str,
    /// Those that were refused, else those that were asked for.
    pub scopes: &'a str,
}

/// One sentence or two on what happened.
#[expect(clippy::too_many_lines, reason = "a table: a line or some a reason")]
pub fn why(reason: Reason, facts: Facts<'_>) -> String {
    let Facts { client, secret, resources, scopes } = facts;
    match reason {
        Reason::RequestMalformed => {
            "The body, its type or a parameter is not what OAuth has there.".to_owned()
        }
        Reason::ParametersInQuery => {
            "Parameters stood in the URL, which logs and histories keep.".to_owned()
        }
        Reason::SeveralCredentials => {
            "The request authenticated in two ways at once, and a client may use one.".to_owned()
        }
        Reason::NoCredential => "The request presented no credential that we take.".to_owned(),
        Reason::RateLimited => format!(
            "This address sent too many wrong secrets for {client}, so it has to wait. Nothing \
             of the request was checked."
        ),
        Reason::UnknownClient => format!("No application has the client ID {client}."),
        Reason::ClientSuspended => format!("{client} was suspended at that time."),
        Reason::ClientDeleted => format!("{client} was deleted. What was sent was {secret}."),
        Reason::BadSecret => format!("The secret that was sent is none of {client}."),
        Reason::SecretExpired => format!("{client} sent {secret}, which had expired."),
        Reason::SecretRevoked => format!("{client} sent {secret}, which had been revoked."),
        Reason::ClientMismatch => {
            "client_id in the body named another client than the Authorization header.".to_owned()
        }
        Reason::GrantTypeMissing => format!("{client} named no grant type."),
        Reason::GrantTypeNotSupported => {
            format!("{client} asked for a grant type other than client_credentials.")
        }
        Reason::ResourceMissing => {
            format!("{client} may call several APIs, and the request named none of them.")
        }
        Reason::ResourceMalformed => {
            "The request named more than eight APIs, one of more than 512 bytes, or some as \
             resource and some as audience."
                .to_owned()
        }
        Reason::ResourceNotGranted => {
            format!("{client} asked for {resources}, and may not call that.")
        }
        Reason::ResourcesNotTogether => format!(
            "{client} asked for {resources} together; they sign with different algorithms, and \
             a token has one signature."
        ),
        Reason::ScopeMalformed => "The scope parameter could not be read.".to_owned(),
        Reason::ScopeNotGranted => format!(
            "{client} asked for {scopes} at {resources}, and that was not granted to it. One \
             scope too many refuses the whole request."
        ),
        Reason::TokenMissing => "The request named no token to look at.".to_owned(),
        Reason::TokenOfAnother => format!(
            "{client} asked to revoke a token that was issued to another application. It was not \
             revoked."
        ),
        Reason::ApplicationLimit => {
            format!("{client} had had as many tokens as it may have in that time.")
        }
        Reason::ResourceLimit => {
            format!("As many tokens for {resources} were issued as may be in that time.")
        }
        Reason::Overloaded => {
            "The token could not be signed and recorded at that moment, so it was not issued."
                .to_owned()
        }
    }
}

/// What whoever runs the caller, or the server, can do about it.
#[expect(clippy::too_many_lines, reason = "a table: a line a reason")]
pub const fn mend(reason: Reason) -> &'static str {
    match reason {
        Reason::RequestMalformed => {
            "Send application/x-www-form-urlencoded with grant_type=client_credentials, each \
             parameter once, uncompressed and at most 32 KiB."
        }
        Reason::ParametersInQuery => {
            "Send parameters in the body. If a secret stood in the URL, revoke it and add another."
        }
        Reason::SeveralCredentials => {
            "Send the secret in the Authorization header or in the body, not in both."
        }
        Reason::NoCredential => {
            "Send client ID and secret in a Basic header, or as client_id and client_secret in \
             the body."
        }
        Reason::RateLimited => {
            "Stop what sends the wrong secret; the wait ends by itself. If nothing of yours runs \
             at this address, somebody is guessing."
        }
        Reason::UnknownClient => {
            "Check the client ID at the caller: copied whole, from this server, and of an \
             application that was not deleted."
        }
        Reason::ClientSuspended => "Resume the application, if it should get tokens again.",
        Reason::ClientDeleted => {
            "Switch off what still asks, or register it anew; for 24 hours after its deletion it \
             can be restored. If nothing of yours should have this secret any more, find out who \
             does."
        }
        Reason::BadSecret => {
            "Check that the caller has the whole secret of this application, or add a new one. If \
             nothing of yours runs at this address, somebody is guessing."
        }
        Reason::SecretExpired => "Add a secret, and give it to the caller in place of this one.",
        Reason::SecretRevoked => {
            "Give the caller a secret that is in force. If nothing of yours should have this one \
             any more, find out who does."
        }
        Reason::ClientMismatch => "Leave client_id out of the body, or send the same one.",
        Reason::GrantTypeMissing => "Send grant_type=client_credentials with each request.",
        Reason::GrantTypeNotSupported => {
            "Send grant_type=client_credentials; this server has no other."
        }
        Reason::ResourceMissing => "Name one API: send its identifier as resource.",
        Reason::ResourceMalformed => {
            "Ask for at most eight APIs, by their identifiers, as resource."
        }
        Reason::ResourceNotGranted => {
            "Compare the identifier letter by letter. If the application should call this API, \
             review its access."
        }
        Reason::ResourcesNotTogether => "Ask for a token for each API alone.",
        Reason::ScopeMalformed => {
            "Separate scopes with single spaces: at most 100, of visible ASCII without quotes or \
             backslash."
        }
        Reason::ScopeNotGranted => {
            "Ask without that scope, or review the access of the application. It may also be an \
             attempt to get more than was meant."
        }
        Reason::TokenMissing => "Send the token as token in the body.",
        Reason::TokenOfAnother => {
            "Send the request as the application that got the token, or revoke it in the console."
        }
        Reason::ApplicationLimit => {
            "Keep a token until it expires instead of asking for each call. If it needs more, set \
             its limit higher."
        }
        Reason::ResourceLimit => {
            "See who asks for most of them on the page of the API's limit. If all should get \
             theirs, set it higher."
        }
        Reason::Overloaded => {
            "The caller should try again. If this goes on, look at the server's database and disk."
        }
    }
}

/// Whether the answer may lie in what the application was granted.
pub const fn concerns_access(reason: Reason) -> bool {
    matches!(reason, Reason::ResourceMissing | Reason::ResourceNotGranted | Reason::ScopeNotGranted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'_> =
        Facts { client: "billing", secret: "autumn", resources: "Ledger API", scopes: "a:b" };

    #[test]
    fn every_reason_says_why_and_what_would_mend_it_and_no_two_say_the_same() {
        let mut said: Vec<String> = Vec::new();
        for reason in Reason::ALL {
            let (why, mend) = (why(*reason, FACTS), mend(*reason).to_owned());
            for sentence in [why, mend] {
                assert!(sentence.ends_with('.'), "{reason}: {sentence}");
                assert!(!sentence.contains("  "), "{reason}: {sentence}");
                assert!(!said.contains(&sentence), "{reason}: {sentence}");
                said.push(sentence);
            }
        }
    }

    #[test]
    fn the_sentence_names_what_was_refused() {
        let sentence = why(Reason::ScopeNotGranted, FACTS);
        assert!(sentence.starts_with("billing asked for a:b at Ledger API"), "{sentence}");
        assert!(why(Reason::SecretExpired, FACTS).contains("autumn"));
        assert!(why(Reason::ResourceNotGranted, FACTS).contains("Ledger API"));
    }
}
