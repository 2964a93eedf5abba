//! Events in the Common Event Format, which security monitors read: one line
//! each. `ArcSight` Common Event Format, implementation standard, version 26.
use std::fmt::Write as _;
use std::net::IpAddr;

use super::audit_event::{Event, Outcome};

/// The line of an event, without its end.
pub fn line(event: &Event) -> String {
    let mut line = format!(
        "CEF:0|Countersign|Countersign|{}|{}|{}|{}|",
        header(env!("CARGO_PKG_VERSION")),
        header(&event.code),
        header(&event.code.replace(['.', '_'], " ")),
        severity(event.outcome),
    );
    let mut is_first = true;
    for (key, value) in extension(event) {
        // Writing to a String cannot fail.
        let _ = write!(
            line,
            "{}{key}={}",
            if is_first { "" } else { " " },
            escaped(&value, &['\\', '='])
        );
        is_first = false;
    }
    line
}

/// 0 to 10: what succeeded, what was refused, what failed.
const fn severity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Success => 2,
        Outcome::Denied => 5,
        Outcome::Error => 8,
    }
}

/// The fields that an event has, by the keys of the standard. What it has no
/// key for goes into custom ones, each with its label.
fn extension(event: &Event) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::with_capacity(24);
    let mut add = |key, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            pairs.push((key, value.to_owned()));
        }
    };
    add("rt", Some(&event.at.div_euclid(1_000).to_string()));
    add("externalId", Some(&event.id));
    add("cat", Some(event.category()));
    add("outcome", Some(event.outcome.as_str()));
    add("reason", event.reason.as_deref());
    let actor = &event.actor;
    add("suid", actor.id.as_deref().or(event.client_id.as_deref()));
    add("suser", actor.name.as_deref());
    add("spriv", actor.role.as_deref());
    match event.source.address.as_deref().map(|text| (text, text.parse::<IpAddr>())) {
        Some((text, Ok(IpAddr::V6(_)))) => {
            add("c6a2", Some(text));
            add("c6a2Label", Some("Source IPv6 Address"));
        }
        Some((text, Ok(IpAddr::V4(_)))) => add("src", Some(text)),
        Some((text, Err(_))) => add("shost", Some(text)),
        None => {}
    }
    add("requestClientApplication", event.source.user_agent.as_deref());
    let token = event.token.as_ref();
    let target = event.target.as_ref();
    let scope =
        token.and_then(|token| token.scope_granted.as_deref().or(token.scope_requested.as_deref()));
    let resource = event.resource();
    let custom = [
        ("cs1", "cs1Label", "clientId", event.client_id.as_deref()),
        ("cs2", "cs2Label", "resource", resource.as_deref()),
        ("cs3", "cs3Label", "scope", scope),
        ("cs4", "cs4Label", "credentialId", actor.credential_id.as_deref()),
        ("cs5", "cs5Label", "requestId", event.request_id.as_deref()),
        ("cs6", "cs6Label", "tokenId", token.and_then(|token| token.jti.as_deref())),
    ];
    for (key, label_key, label, value) in custom {
        add(key, value);
        add(label_key, value.filter(|value| !value.is_empty()).map(|_| label));
    }
    add("duid", target.map(|target| target.id.as_str()));
    add("duser", target.map(|target| target.name.as_str()));
    let access = event.access.as_ref();
    let count = event.flood.as_ref().map(|flood| flood.count).or(access.and_then(|a| a.count));
    add("cnt", count.map(|count| count.to_string()).as_deref());
    add("requestMethod", access.and_then(|access| access.method.as_deref()));
    add("request", access.and_then(|access| access.route.as_deref()));
    let changes = event
        .changes
        .iter()
        .map(|change| format!("{}: {:?} to {:?}", change.field, change.before, change.after));
    let told: Vec<String> =
        event.detail.iter().chain(&event.because).cloned().chain(changes).collect();
    add("msg", Some(&told.join("; ")));
    pairs
}

/// A field of the header, which has no lines.
fn header(text: &str) -> String {
    escaped(&text.replace(['\r', '\n'], " "), &['\\', '|'])
}

/// With a backslash before what would end the field, and no other lines or
/// control characters.
fn escaped(text: &str, marks: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c if marks.contains(&c) => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::audit_event::{Mark, Target};
    use super::*;
    use crate::oauth::UnixTime;

    fn event() -> Event {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        Event::new(mark, UnixTime(1_700_000_000_123_456), "secret.added", Outcome::Success)
    }

    #[test]
    fn a_line_says_what_the_event_says() {
        let mut event = event();
        event.actor.name = Some("Ann".into());
        event.source.address = Some("192.0.2.7".into());
        event.client_id = Some("m2m_1".into());
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            line(&event),
            format!(
                "CEF:0|Countersign|Countersign|{version}|secret.added|secret added|2|\
                 rt=1700000000123 externalId=01K cat=secret outcome=success suid=m2m_1 suser=Ann \
                 src=192.0.2.7 cs1=m2m_1 cs1Label=clientId"
            )
        );
        event.source.address = Some("2001:db8::1".into());
        assert!(line(&event).contains("c6a2=2001:db8::1 c6a2Label=Source IPv6 Address"));
    }

    #[test]
    fn what_somebody_named_ends_no_field_and_no_line() {
        let mut event = event();
        let name = "a=b|c\\d\r\ne\u{0}f".to_owned();
        event.target = Some(Target { kind: "application".into(), id: "1".into(), name });
        assert!(line(&event).ends_with(r"duser=a\=b|c\\d\r\ne f"), "{}", line(&event));
        assert_eq!(header("a|b\\c\nd"), r"a\|b\\c d");
    }

    proptest! {
        /// Read back as the standard says, every value is what it was.
        #[test]
        fn a_value_is_read_back_as_it_was(value in "[a-z=|\\\\ \r\n]{0,20}") {
            let mut plain = String::new();
            let escaped = escaped(&value, &['\\', '=']);
            let mut rest = escaped.chars();
            while let Some(c) = rest.next() {
                plain.push(match c {
                    '\\' => match rest.next() { Some('n') => '\n', Some('r') => '\r', Some(c) => c, None => '?' },
                    '=' => '?',
                    c => c,
                });
            }
            prop_assert_eq!(plain, value);
        }
    }
}
