//! Events in the Open Cybersecurity Schema Framework, which security lakes read:
//! OCSF 1.7, classes Authentication, Entity Management and API Activity.
//! `docs/events.md` has the mapping.
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::audit_event::{Event, Outcome};

/// The version of the schema.
pub const VERSION: &str = "1.7.0";

/// What kind of thing happened, as the schema sorts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Somebody or something proved who they are, or did not: sign-ins, and
    /// tokens that were asked for.
    Authentication,
    /// Something was done to what is managed here.
    EntityManagement,
    /// A call of an API: what was decided of tokens after they were issued.
    ApiActivity,
}

impl Class {
    pub fn of(event: &Event) -> Self {
        match event.code.as_ref() {
            "token.issued" | "token.denied" | "token.denied_repeatedly" | "token.failed" => {
                Self::Authentication
            }
            _ => match event.category() {
                "session" => Self::Authentication,
                "token" | "access" => Self::ApiActivity,
                _ => Self::EntityManagement,
            },
        }
    }

    pub const fn uid(self) -> u32 {
        match self {
            Self::Authentication => 3_002,
            Self::EntityManagement => 3_004,
            Self::ApiActivity => 6_003,
        }
    }

    pub const fn caption(self) -> &'static str {
        match self {
            Self::Authentication => "Authentication",
            Self::EntityManagement => "Entity Management",
            Self::ApiActivity => "API Activity",
        }
    }

    const fn category(self) -> &'static str {
        match self {
            Self::Authentication | Self::EntityManagement => "Identity & Access Management",
            Self::ApiActivity => "Application Activity",
        }
    }
}

/// The number and the caption of what was done, by the event's class.
pub fn activity(event: &Event) -> (u32, &'static str) {
    let verb = event.code.split_once('.').map_or("", |(_, verb)| verb);
    match Class::of(event) {
        Class::Authentication => match verb {
            "ended" | "revoked" => (2, "Logoff"),
            _ => (1, "Logon"),
        },
        Class::ApiActivity => match (verb, called(event)) {
            ("revoked" | "revocation_denied" | "revocation_failed", _) | (_, Some("DELETE")) => {
                (4, "Delete")
            }
            (_, Some("POST")) => (1, "Create"),
            (_, Some("PUT" | "PATCH")) => (3, "Update"),
            _ => (2, "Read"),
        },
        Class::EntityManagement => match verb {
            "created" | "added" | "published" | "requested" => (1, "Create"),
            "read" | "exported" | "export_ended" => (2, "Read"),
            "deleted" | "removed" | "revoked" | "forgotten" | "pruned" | "redacted"
            | "withdrawn" => (4, "Delete"),
            "activated" | "started" => (10, "Activate"),
            "retired" | "stopped" => (11, "Deactivate"),
            "suspended" => (12, "Suspend"),
            "resumed" => (13, "Resume"),
            _ => (3, "Update"),
        },
    }
}

/// The method of a call that went through the gate.
fn called(event: &Event) -> Option<&str> {
    event.access.as_ref().and_then(|access| access.method.as_deref())
}

/// The event as one object of the schema.
pub fn object(event: &Event) -> Value {
    let class = Class::of(event);
    let (activity, activity_name) = activity(event);
    let (severity, severity_name) = match event.outcome {
        Outcome::Success => (1, "Informational"),
        Outcome::Denied => (2, "Low"),
        Outcome::Error => (4, "High"),
    };
    let (status, status_name) = match event.outcome {
        Outcome::Success => (1, "Success"),
        Outcome::Denied | Outcome::Error => (2, "Failure"),
    };
    let token = event.token.as_ref();
    let mut object = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": class.uid() / 1_000,
        "category_name": class.category(),
        "class_uid": class.uid(),
        "class_name": class.caption(),
        "type_uid": class.uid() * 100 + activity,
        "type_name": format!("{}: {activity_name}", class.caption()),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "status_code": token.and_then(|token| token.oauth_error.as_deref()),
        "status_detail": event.reason,
        "time": event.at.div_euclid(1_000),
        "message": event.code.replace(['.', '_'], " "),
        "metadata": metadata(event),
        "actor": actor(event),
        "src_endpoint": endpoint(event),
        "http_request": http_request(event),
        "duration": token.map(|token| token.duration_us / 1_000),
        "unmapped": unmapped(event),
    });
    if let Some(object) = object.as_object_mut() {
        object.extend(span(event));
        object.extend(of_class(event, class));
    }
    without_nothing(object)
}

fn metadata(event: &Event) -> Value {
    json!({
        "version": VERSION,
        "product": {
            "name": "Countersign",
            "vendor_name": "Countersign",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "uid": event.id,
        "event_code": event.code,
        "log_name": "audit",
        "log_version": event.v.to_string(),
        "correlation_uid": event.request_id,
    })
}

/// Of what was counted, how many there were and in which time.
fn span(event: &Event) -> Map<String, Value> {
    let flood = event.flood.as_ref().map(|f| (Some(f.count), Some(f.first_at), Some(f.last_at)));
    let access = event.access.as_ref().map(|a| (a.count, a.first_at, a.last_at));
    let (count, first, last) = flood.or(access).unwrap_or_default();
    let millis = |at: Option<i64>| Value::from(at.map(|at| at.div_euclid(1_000)));
    [("count", count.into()), ("start_time", millis(first)), ("end_time", millis(last))]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// What the class has besides.
fn of_class(event: &Event, class: Class) -> Map<String, Value> {
    let own = match class {
        Class::Authentication => authentication(event),
        Class::EntityManagement => json!({ "entity": entity(event), "comment": comment(event) }),
        Class::ApiActivity => {
            let resource = event.resource();
            json!({
                "api": {
                    "operation": event.code,
                    "service": { "name": resource.as_deref().unwrap_or("Countersign") },
                },
                "resources": event.target.as_ref().map(|target| json!([{
                    "uid": target.id, "name": target.name, "type": target.kind,
                }])),
                "http_response": http_response(event),
            })
        }
    };
    match own {
        Value::Object(own) => own,
        _ => Map::new(),
    }
}

fn authentication(event: &Event) -> Value {
    let is_token = event.category() == "token";
    let (protocol, protocol_name) = if is_token { (6, "OAUTH 2.0") } else { (99, "Password") };
    let (logon, logon_name) = if is_token { (3, "Network") } else { (2, "Interactive") };
    // Whose sessions an owner ended; else whoever asks.
    let target = event.target.as_ref().filter(|target| target.kind == "administrator");
    let user = target.map(
        |target| json!({ "uid": target.id, "name": target.name, "type_id": 1, "type": "User" }),
    );
    json!({
        "user": user.unwrap_or_else(|| user_of(event)),
        "auth_protocol_id": protocol,
        "auth_protocol": protocol_name,
        "logon_type_id": logon,
        "logon_type": logon_name,
        "is_remote": true,
        "service": { "name": event.resource().as_deref().unwrap_or("Countersign") },
        "http_response": http_response(event),
    })
}

/// Who asks: a machine or a person.
fn user_of(event: &Event) -> Value {
    let (id, name) = (event.actor.id.as_deref(), event.actor.name.as_deref());
    let (type_id, type_name) = match event.actor.kind.as_ref() {
        "client" => (4, "Service"),
        "administrator" => (1, "User"),
        "operator" => (2, "Admin"),
        "system" => (3, "System"),
        _ => (0, "Unknown"),
    };
    let id = id.or(event.client_id.as_deref().filter(|_| event.actor.kind == "client"));
    // The schema wants one of the two.
    let kind = if event.actor.kind.is_empty() { "unknown" } else { &event.actor.kind };
    let name = name.or_else(|| id.is_none().then_some(kind));
    json!({ "uid": id, "name": name, "type_id": type_id, "type": type_name })
}

fn actor(event: &Event) -> Value {
    let app = event.client_id.as_deref().filter(|_| event.actor.kind == "client");
    let credential = event.actor.credential_id.as_deref();
    json!({
        "user": user_of(event),
        "app_uid": app,
        "session": credential.map(|id| json!({ "credential_uid": id })),
    })
}

/// Where it came from. The schema wants something of it everywhere.
fn endpoint(event: &Event) -> Value {
    match event.source.address.as_deref() {
        Some(text) if text.parse::<IpAddr>().is_ok() => json!({ "ip": text }),
        Some(text) => json!({ "name": text }),
        None => json!({ "svc_name": "Countersign" }),
    }
}

fn http_request(event: &Event) -> Value {
    let (agent, method) = (event.source.user_agent.as_deref(), called(event));
    json!({ "uid": event.request_id, "user_agent": agent, "http_method": method })
}

fn http_response(event: &Event) -> Value {
    let status = event.token.as_ref().map(|token| token.http_status);
    status.map_or(Value::Null, |status| json!({ "code": status }))
}

fn entity(event: &Event) -> Value {
    let target = event.target.as_ref();
    let kind = target.map_or_else(|| event.category(), |target| &target.kind);
    let (type_id, type_name) = if kind == "administrator" { (2, "User") } else { (99, kind) };
    json!({
        "uid": target.map(|target| target.id.as_str()).filter(|id| !id.is_empty()),
        "name": target.map_or(kind, |target| target.name.as_str()),
        "type_id": type_id,
        "type": type_name,
        "user": target.filter(|_| type_id == 2).map(|target| json!({
            "uid": target.id, "name": target.name,
        })),
    })
}

/// What the schema has no place for, by the names of the event's fields.
fn unmapped(event: &Event) -> Value {
    let facts = |value: Result<Value, _>| value.unwrap_or(Value::Null);
    let samples = event.flood.as_ref().map(|flood| &flood.samples);
    json!({
        "client_id": event.client_id,
        "actor": { "kind": event.actor.kind, "role": event.actor.role, "method": event.actor.method },
        "target": event.target.as_ref().map(|target| json!({
            "kind": target.kind, "id": target.id, "name": target.name,
        })),
        "token": facts(serde_json::to_value(&event.token)),
        "changes": (!event.changes.is_empty()).then_some(&event.changes),
        "samples": samples,
        "access": facts(serde_json::to_value(&event.access)),
        "detail": event.detail,
        "because": event.because,
        "approval": facts(serde_json::to_value(&event.approval)),
    })
}

/// Why, and more of what was done.
fn comment(event: &Event) -> Option<String> {
    let texts: Vec<&str> = event.because.iter().chain(&event.detail).map(String::as_str).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// Without members that are null, empty text or empty objects.
fn without_nothing(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    let members = object.into_iter().map(|(key, value)| (key, without_nothing(value)));
    Value::Object(members.filter(|(_, value)| is_something(value)).collect())
}
