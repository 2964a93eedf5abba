//! Batches by HTTP: signed webhooks, and logs for OpenTelemetry.
use std::io::Read as _;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;
use url::Url;

use super::agent;
use super::record::Record;
use super::sink::{PATIENCE, Taken};
use crate::config::Secret;
use crate::config::streams::{Stream, webhook_key};
use crate::model::audit_event::printable;
use crate::oauth::UnixTime;

/// What is read of an answer.
const LONGEST: u64 = 16 * 1_024;

pub struct Http {
    agent: Agent,
    url: Url,
    kind: Kind,
}

enum Kind {
    /// Standard Webhooks: what signs.
    Webhook(Box<hmac::Key>),
    /// The bearer token, if there is one, and the service that tells.
    Otlp { bearer: Option<Secret>, service: String },
}

impl Http {
    /// # Errors
    /// The roots or the secret cannot be read.
    pub fn webhook(stream: &Stream, url: Url) -> Result<Self, String> {
        let secret = stream.secret.as_ref().map(|secret| secret.0.as_str()).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &webhook_key(secret)?);
        Ok(Self {
            agent: agent::new(PATIENCE, stream.ca.as_deref(), stream.private)?,
            url,
            kind: Kind::Webhook(Box::new(key)),
        })
    }

    /// # Errors
    /// As [`Http::webhook`].
    pub fn otlp(stream: &Stream, url: Url, service: String) -> Result<Self, String> {
        let kind = Kind::Otlp { bearer: stream.secret.clone(), service };
        Ok(Self { agent: agent::new(PATIENCE, stream.ca.as_deref(), stream.private)?, url, kind })
    }

    /// Returns once the receiver said what it has of them.
    ///
    /// # Errors
    /// Why it may not have them.
    pub fn send(&self, id: &str, records: &[Record], now: UnixTime) -> Result<Taken, String> {
        let request = self.agent.post(self.url.as_str()).header("content-type", "application/json");
        let mut answer = match &self.kind {
            Kind::Webhook(key) => {
                let body = array(records);
                let at = now.seconds();
                let signature = hmac::sign(key, format!("{id}.{at}.{body}").as_bytes());
                request
                    .header("webhook-id", id)
                    .header("webhook-timestamp", at.to_string())
                    .header("webhook-signature", format!("v1,{}", STANDARD.encode(signature)))
                    .send(body)
            }
            Kind::Otlp { bearer, service } => {
                let request = match bearer {
                    Some(token) => {
                        request.header("authorization", format!("Bearer {}", token.0.as_str()))
                    }
                    None => request,
                };
                request.send(logs(records, service, now).to_string())
            }
        }
        .map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let mut text = String::new();
        let mut reader = answer.body_mut().as_reader().take(LONGEST);
        let _ = reader.read_to_string(&mut text);
        if !(200..300).contains(&status) {
            return Err(format!("it answered {status}"));
        }
        Ok(match self.kind {
            Kind::Webhook(_) => Taken::All,
            Kind::Otlp { .. } => taken(&text),
        })
    }
}

fn array(records: &[Record]) -> String {
    let texts: Vec<&str> = records.iter().map(|record| record.json.as_str()).collect();
    format!("[{}]", texts.join(","))
}

/// `ExportLogsServiceRequest` of OTLP 1 as JSON.
fn logs(records: &[Record], service: &str, now: UnixTime) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let nanos = |at: UnixTime| (i128::from(at.0) * 1_000).to_string();
    let record = |record: &Record| {
        let (number, word) = if record.is_success() { (9, "INFO") } else { (13, "WARN") };
        json!({
            "timeUnixNano": nanos(record.at),
            "observedTimeUnixNano": nanos(now),
            "severityNumber": number,
            "severityText": word,
            "eventName": record.code,
            "body": {"stringValue": record.json},
            "attributes": [
                text("event.id", &record.id),
                text("event.outcome", &record.outcome),
            ],
        })
    };
    json!({"resourceLogs": [{
        "resource": {"attributes": [
            text("service.name", "countersign"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("server.address", service),
        ]},
        "scopeLogs": [{
            "scope": {"name": "countersign.audit"},
            "logRecords": records.iter().map(record).collect::<Vec<_>>(),
        }],
    }]})
}

/// How many records an OTLP receiver rejected, and why. It says so with a 200,
/// and they must not be sent again.
fn taken(answer: &str) -> Taken {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let rejected = answer.pointer("/partialSuccess/rejectedLogRecords").and_then(number);
    let Some(count @ 1..) = rejected else { return Taken::All };
    let why = answer.pointer("/partialSuccess/errorMessage").and_then(Value::as_str);
    Taken::AllBut { count, why: printable(why.unwrap_or("it does not say why"), 200) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's libraries.
    #[test]
    fn a_webhook_is_signed_as_the_standard_says() {
        let key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let text = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_a_receiver_rejected_is_read() {
        let answer = r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too\nold"}}"#;
        assert_eq!(taken(answer), Taken::AllBut { count: 3, why: "too\\nold".into() });
        assert_eq!(taken(r#"{"partialSuccess":{"rejectedLogRecords":0}}"#), Taken::All);
        assert_eq!(taken("{}"), Taken::All);
        assert_eq!(taken("no json"), Taken::All);
    }
}
