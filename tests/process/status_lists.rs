//! From a kill in one process to the list that another publishes.
use std::time::{Duration, Instant};

use countersign::oauth::status_list::{Claims, INVALID, StatusList, VALID};

use super::Place;
use crate::support::Server;
use crate::support::http::{basic, form};

const API: &str = "https://api.example.com/billing";

/// The promise is two seconds; the command that kills takes its time as well.
const PROMISED: Duration = Duration::from_secs(2);

#[test]
fn a_kill_from_the_command_line_is_published_within_two_seconds() {
    let place = Place::new();
    place.json(&["resource", "create", "--identifier", API, "--name", "Billing", "--scope", "a"]);
    place.database.execute("UPDATE resources SET status_lists = TRUE").unwrap();
    let grant = format!("{API}=a");
    let made = place.json(&["application", "create", "--name", "billing", "--grant", &grant]);
    let _running = place.serve(&[]);
    let (id, secret) = (made["client_id"].as_str().unwrap(), &made["client_secret"]);
    let mut answer = ureq::post(format!("http://{}/oauth/token", place.address))
        .header("authorization", basic(id, secret.as_str().unwrap()))
        .header("content-type", "application/x-www-form-urlencoded")
        .send(form(&[("grant_type", "client_credentials")]).as_slice())
        .unwrap();
    let answer: serde_json::Value =
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    let claims = Server::claims(answer["access_token"].as_str().unwrap());
    let reference = &claims["status"]["status_list"];
    let status = || {
        let uri = reference["uri"].as_str().unwrap();
        let list = ureq::get(uri).call().unwrap().body_mut().read_to_string().unwrap();
        let claims: Claims = serde_json::from_value(Server::claims(&list)).unwrap();
        let list = StatusList::decode(&claims.status_list, 1 << 20).unwrap();
        list.get(u32::try_from(reference["idx"].as_u64().unwrap()).unwrap())
    };
    assert_eq!(status(), Some(VALID));
    place.json(&["application", "suspend", id]);
    let killed = Instant::now();
    while status() != Some(INVALID) {
        assert!(killed.elapsed() < PROMISED, "not published");
        std::thread::sleep(Duration::from_millis(20));
    }
}
