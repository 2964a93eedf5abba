//! Events as the Open Cybersecurity Schema Framework has them, held against what
//! it published.
use std::collections::BTreeMap;

use countersign::model::audit_event::{
    AccessFacts, Actor, Change, Event, FloodFacts, Mark, Outcome, Source, Target, TokenFacts,
};
use countersign::model::ocsf::{self, Class};
use countersign::oauth::UnixTime;
use serde_json::Value;

use crate::support::Server;

/// `tests/vectors/ocsf/README.md` says where it is from.
fn schema() -> Value {
    serde_json::from_str(include_str!("../vectors/ocsf/schema.json")).unwrap()
}

/// What an object has that the schema does not allow, and what it lacks.
fn faults(schema: &Value, kind: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    let (attributes, object) =
        (kind["attributes"].as_object().unwrap(), value.as_object().unwrap());
    for (name, attribute) in attributes {
        if attribute["requirement"] == "required" && !object.contains_key(name) {
            faults.push(format!("{path}: {name} is required"));
        }
    }
    if let Some(some) = kind["constraints"]["at_least_one"].as_array()
        && !some.iter().any(|name| object.contains_key(name.as_str().unwrap()))
    {
        faults.push(format!("{path}: one of {some:?} is required"));
    }
    for (name, value) in object {
        let path = format!("{path}.{name}");
        let Some(attribute) = attributes.get(name) else {
            faults.push(format!("{path} is not known"));
            continue;
        };
        if attribute["deprecated"] == true {
            faults.push(format!("{path} is deprecated"));
        }
        let values = match (attribute["is_array"] == true, value) {
            (true, Value::Array(values)) => values.iter().collect(),
            (true, _) => {
                faults.push(format!("{path} is no list"));
                continue;
            }
            (false, value) => vec![value],
        };
        for value in values {
            let fits = match attribute["base"].as_str().unwrap() {
                "string_t" => value.is_string(),
                "integer_t" | "long_t" => value.is_i64(),
                "boolean_t" => value.is_boolean(),
                "object" => value.is_object(),
                other => panic!("{path}: {other}"),
            };
            if !fits {
                faults.push(format!("{path} is {value}"));
            }
            let kind = &schema["objects"][attribute["type"].as_str().unwrap()];
            // `object` may hold anything.
            if attribute["base"] == "object" && attribute["type"] != "object" {
                assert!(kind.is_object(), "{path}: {} is not in the extract", attribute["type"]);
                self::faults(schema, kind, value, &path, faults);
            }
            if let Some(known) = attribute["enum"].as_object().filter(|_| value.is_i64()) {
                let Some(caption) = known.get(&value.to_string()) else {
                    faults.push(format!("{path}: {value} is none of its numbers"));
                    continue;
                };
                let beside = attribute["sibling"].as_str().and_then(|name| object.get(name));
                if value != 99 && beside.is_some_and(|beside| beside != caption) {
                    faults.push(format!("{path}: {value} is {}", caption.as_str().unwrap()));
                }
            }
        }
    }
}

fn check(schema: &Value, object: &Value) {
    let classes = schema["classes"].as_object().unwrap();
    let class = classes.values().find(|class| class["class_uid"] == object["class_uid"]).unwrap();
    let mut found = Vec::new();
    faults(schema, class, object, "event", &mut found);
    assert!(found.is_empty(), "{found:#?}\n{object:#}");
    assert_eq!(object["category_uid"], class["category_uid"]);
    assert_eq!(object["category_name"], class["category"]);
    assert_eq!(object["class_name"], class["caption"]);
    let (class, activity) = (&object["class_uid"], &object["activity_id"]);
    let expected = class.as_i64().unwrap() * 100 + activity.as_i64().unwrap();
    assert_eq!(object["type_uid"], expected);
    assert_eq!(object["metadata"]["version"], schema["version"]);
}

fn event(code: &'static str) -> Event {
    let mark = Mark { id: "01K".into(), salt: [0; 16] };
    Event::new(mark, UnixTime(1_700_000_000_123_456), code, Outcome::Success)
}

/// Every field there is, in an event of each class.
#[test]
fn an_event_with_every_field_is_what_the_schema_says() {
    let schema = schema();
    let status_list = None;
    for code in ["token.issued", "access.denied", "secret.added", "session.started", "of.tomorrow"]
    {
        for outcome in [Outcome::Success, Outcome::Denied, Outcome::Error] {
            let mut event = Event { outcome, ..event(code) };
            check(&schema, &ocsf::object(&event));
            event.reason = Some("bad_secret".into());
            event.actor = Actor {
                kind: "administrator".into(),
                id: Some("adm_1".into()),
                name: Some("Ann".into()),
                role: Some("owner".into()),
                method: Some("session".into()),
                credential_id: Some("sec_1".into()),
            };
            event.source = Source::new(Some("2001:db8::1".into()), Some("curl/8"));
            event.request_id = Some("req_1".into());
            event.client_id = Some("m2m_1".into());
            let target = |kind: &'static str| Target {
                kind: kind.into(),
                id: "adm_2".into(),
                name: "Bob".into(),
            };
            event.target = Some(target("administrator"));
            event.token = Some(TokenFacts {
                resource: vec!["https://api.example.com".into()],
                scope_requested: Some("a b".into()),
                scope_granted: Some("a".into()),
                scope_refused: Some("b".into()),
                jti: Some("01K".into()),
                kid: Some("k".into()),
                alg: Some("ES256".into()),
                exp: Some(1),
                http_status: 400,
                oauth_error: Some("invalid_scope".into()),
                failed_check: Some(5),
                duration_us: 7_000,
                status_list: status_list.clone(),
            });
            event.changes =
                vec![Change { field: "name".into(), before: "a".into(), after: "b".into() }];
            event.flood =
                Some(FloodFacts { count: 3, first_at: 1, last_at: 2, samples: vec!["01J".into()] });
            event.access = Some(AccessFacts {
                via: "gate".into(),
                resource: Some("https://api.example.com".into()),
                method: Some("POST".into()),
                route: Some("/invoices/{id}".into()),
                ..AccessFacts::default()
            });
            event.detail = Some("because".into());
            check(&schema, &ocsf::object(&event));
            event.target = Some(target("application"));
            event.source.address = Some("unix socket".into());
            check(&schema, &ocsf::object(&event));
        }
    }
}

/// And the test itself sees what is wrong.
#[test]
fn what_is_not_in_the_schema_is_found() {
    let schema = schema();
    let good = ocsf::object(&event("token.issued"));
    let class = &schema["classes"]["authentication"];
    let spoiled = |change: &dyn Fn(&mut Value)| {
        let (mut object, mut found) = (good.clone(), Vec::new());
        change(&mut object);
        faults(&schema, class, &object, "event", &mut found);
        found
    };
    assert_eq!(spoiled(&|_| {}), [""; 0]);
    assert_eq!(spoiled(&|event| event["colour"] = 1.into()), ["event.colour is not known"]);
    assert_eq!(spoiled(&|event| event["time"] = "now".into()), ["event.time is \"now\""]);
    assert_eq!(
        spoiled(&|event| event["status"] = "Fine".into()),
        ["event.status_id: 1 is Success"]
    );
    let missing = spoiled(&|event| drop(event.as_object_mut().unwrap().remove("user")));
    assert_eq!(missing, ["event: user is required"]);
    let unknown = spoiled(&|event| event["activity_id"] = 77.into());
    assert_eq!(unknown, ["event.activity_id: 77 is none of its numbers"]);
}

/// What a server writes, as the console's file has it.
#[test]
fn every_row_of_a_log_is_what_the_schema_says() {
    let server = Server::start();
    let world = server.world();
    assert_eq!(server.token(&world.billing, &[]).status, 200);
    server.token(&world.reporting, &[("scope", "invoices:write")]);
    let browser = server.signed_in("auditor");
    let file = browser.get("/log.ocsf");
    assert_eq!(file.header("content-type"), Some("application/jsonl"));
    let named = Some("attachment; filename=\"audit-log.ocsf.jsonl\"");
    assert_eq!(file.header("content-disposition"), named);
    let (schema, mut classes) = (schema(), BTreeMap::new());
    for line in file.text.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        check(&schema, &object);
        *classes.entry(object["class_uid"].as_i64().unwrap()).or_insert(0) += 1;
    }
    assert!(classes[&3_002] >= 3 && classes[&3_004] >= 5, "{classes:?}");
    let refused: Vec<Value> = file
        .text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|object| object["metadata"]["event_code"] == "token.denied")
        .collect();
    let refused = &refused[0];
    assert_eq!(refused["type_uid"], 300_201);
    assert_eq!(refused["status_detail"], "scope_not_granted");
    assert_eq!(refused["status_code"], "invalid_scope");
    assert_eq!(refused["user"]["uid"], world.reporting.client_id.as_str());
    assert_eq!(refused["src_endpoint"]["ip"], "127.0.0.1");
    assert_eq!(refused["unmapped"]["token"]["scope_refused"], "invoices:write");
    assert_eq!(Class::of(&event("token.introspection_denied")), Class::ApiActivity);
    assert_eq!(ocsf::activity(&event("administrator.suspended")), (12, "Suspend"));
}
