//! Why a token request was refused, in one sentence, and what would mend it.
use crate::oauth::reason::Reason;
use crate::text;
use crate::texts::{Text, en};

/// What is known of a refused request, as people name it. Never empty.
#[derive(Clone, Debug)]
pub struct Facts {
    pub client: Text,
    pub secret: Text,
    pub resources: Text,
    /// Those that were refused, else those that were asked for.
    pub scopes: Text,
}

/// One sentence or two on what happened.
#[expect(clippy::too_many_lines, reason = "a table: a line or some a reason")]
pub fn why(reason: Reason, facts: Facts) -> Text {
    let Facts { client, secret, resources, scopes } = facts;
    match reason {
        Reason::RequestMalformed => {
            text!("The body, its type or a parameter is not what OAuth has there.")
        }
        Reason::ParametersInQuery => {
            text!("Parameters stood in the URL, which logs and histories keep.")
        }
        Reason::SeveralCredentials => {
            text!("The request authenticated in two ways at once, and a client may use one.")
        }
        Reason::NoCredential => text!("The request presented no credential that we take."),
        Reason::RateLimited => text!(
            "This address sent too many wrong secrets for {client}, so it has to wait. Nothing \
             of the request was checked.",
            client
        ),
        Reason::UnknownClient => text!("No application has the client ID {client}.", client),
        Reason::ClientSuspended => text!("{client} was suspended at that time.", client),
        Reason::ClientDeleted => {
            text!("{client} was deleted. What was sent was {secret}.", client, secret)
        }
        Reason::BadSecret => text!("The secret that was sent is none of {client}.", client),
        Reason::SecretExpired => {
            text!("{client} sent {secret}, which had expired.", client, secret)
        }
        Reason::SecretRevoked => {
            text!("{client} sent {secret}, which had been revoked.", client, secret)
        }
        Reason::ClientMismatch => {
            text!("client_id in the body named another client than the Authorization header.")
        }
        Reason::GrantTypeMissing => text!("{client} named no grant type.", client),
        Reason::GrantTypeNotSupported => {
            text!("{client} asked for a grant type other than client_credentials.", client)
        }
        Reason::ResourceMissing => {
            text!("{client} may call several APIs, and the request named none of them.", client)
        }
        Reason::ResourceMalformed => {
            text!(
                "The request named more than eight APIs, one of more than 512 bytes, or some as \
             resource and some as audience."
            )
        }
        Reason::ResourceNotGranted => {
            text!("{client} asked for {resources}, and may not call that.", client, resources)
        }
        Reason::ResourcesNotTogether => text!(
            "{client} asked for {resources} together; they sign with different algorithms, and \
             a token has one signature.",
            client,
            resources
        ),
        Reason::ScopeMalformed => text!("The scope parameter could not be read."),
        Reason::ScopeNotGranted => text!(
            "{client} asked for {scopes} at {resources}, and that was not granted to it. One \
             scope too many refuses the whole request.",
            client,
            scopes,
            resources
        ),
        Reason::TokenMissing => text!("The request named no token to look at."),
        Reason::TokenOfAnother => text!(
            "{client} asked to revoke a token that was issued to another application. It was not \
             revoked.",
            client
        ),
        Reason::ApplicationLimit => {
            text!("{client} had had as many tokens as it may have in that time.", client)
        }
        Reason::ResourceLimit => {
            text!("As many tokens for {resources} were issued as may be in that time.", resources)
        }
        Reason::Overloaded => {
            text!(
                "The token could not be signed and recorded at that moment, so it was not issued."
            )
        }
    }
}

/// What whoever runs the caller, or the server, can do about it.
#[expect(clippy::too_many_lines, reason = "a table: a line a reason")]
pub const fn mend(reason: Reason) -> &'static str {
    match reason {
        Reason::RequestMalformed => {
            en("Send application/x-www-form-urlencoded with grant_type=client_credentials, each \
             parameter once, uncompressed and at most 32 KiB.")
        }
        Reason::ParametersInQuery => en(
            "Send parameters in the body. If a secret stood in the URL, revoke it and add another.",
        ),
        Reason::SeveralCredentials => {
            en("Send the secret in the Authorization header or in the body, not in both.")
        }
        Reason::NoCredential => {
            en("Send client ID and secret in a Basic header, or as client_id and client_secret in \
             the body.")
        }
        Reason::RateLimited => en(
            "Stop what sends the wrong secret; the wait ends by itself. If nothing of yours runs \
             at this address, somebody is guessing.",
        ),
        Reason::UnknownClient => {
            en("Check the client ID at the caller: copied whole, from this server, and of an \
             application that was not deleted.")
        }
        Reason::ClientSuspended => en("Resume the application, if it should get tokens again."),
        Reason::ClientDeleted => en(
            "Switch off what still asks, or register it anew. If nothing of yours should have this \
             secret any more, find out who does.",
        ),
        Reason::BadSecret => en(
            "Check that the caller has the whole secret of this application, or add a new one. If \
             nothing of yours runs at this address, somebody is guessing.",
        ),
        Reason::SecretExpired => {
            en("Add a secret, and give it to the caller in place of this one.")
        }
        Reason::SecretRevoked => en(
            "Give the caller a secret that is in force. If nothing of yours should have this one \
             any more, find out who does.",
        ),
        Reason::ClientMismatch => en("Leave client_id out of the body, or send the same one."),
        Reason::GrantTypeMissing => en("Send grant_type=client_credentials with each request."),
        Reason::GrantTypeNotSupported => {
            en("Send grant_type=client_credentials; this server has no other.")
        }
        Reason::ResourceMissing => en("Name one API: send its identifier as resource."),
        Reason::ResourceMalformed => {
            en("Ask for at most eight APIs, by their identifiers, as resource.")
        }
        Reason::ResourceNotGranted => {
            en("Compare the identifier letter by letter. If the application should call this API, \
             review its access.")
        }
        Reason::ResourcesNotTogether => en("Ask for a token for each API alone."),
        Reason::ScopeMalformed => en(
            "Separate scopes with single spaces: at most 100, of visible ASCII without quotes or \
             backslash.",
        ),
        Reason::ScopeNotGranted => en(
            "Ask without that scope, or review the access of the application. It may also be an \
             attempt to get more than was meant.",
        ),
        Reason::TokenMissing => en("Send the token as token in the body."),
        Reason::TokenOfAnother => en(
            "Send the request as the application that got the token, or revoke it in the console.",
        ),
        Reason::ApplicationLimit => en(
            "Keep a token until it expires instead of asking for each call. If it needs more, set \
             its limit higher.",
        ),
        Reason::ResourceLimit => {
            en("See who asks for most of them on the page of the API's limit. If all should get \
             theirs, set it higher.")
        }
        Reason::Overloaded => en(
            "The caller should try again. If this goes on, look at the server's database and disk.",
        ),
    }
}

/// Whether the answer may lie in what the application was granted.
pub const fn concerns_access(reason: Reason) -> bool {
    matches!(reason, Reason::ResourceMissing | Reason::ResourceNotGranted | Reason::ScopeNotGranted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            client: Text::data("billing"),
            secret: Text::data("autumn"),
            resources: Text::data("Ledger API"),
            scopes: Text::data("a:b"),
        }
    }

    #[test]
    fn every_reason_says_why_and_what_would_mend_it_and_no_two_say_the_same() {
        let mut said: Vec<String> = Vec::new();
        for reason in Reason::ALL {
            let (why, mend) = (why(*reason, facts()).to_string(), mend(*reason).to_owned());
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
        let sentence = why(Reason::ScopeNotGranted, facts()).to_string();
        assert!(sentence.starts_with("billing asked for a:b at Ledger API"), "{sentence}");
        assert!(why(Reason::SecretExpired, facts()).to_string().contains("autumn"));
        assert!(why(Reason::ResourceNotGranted, facts()).to_string().contains("Ledger API"));
    }
}
