//! Limits on tokens: of applications, of APIs, of a minute and of a day.
use std::num::NonZeroU32;

use countersign::admin::limits;
use countersign::model::limit::Hits;
use countersign::oauth::limit::{Limit, Subject};
use countersign::oauth::time::Seconds;
use countersign::store;

use crate::support::Server;
use crate::support::world::Client;

const BILLING: &str = "https://api.example.com/billing";

fn limit(per_minute: u32, per_day: u32, watched: bool) -> Limit {
    let [per_minute, per_day] = [per_minute, per_day].map(NonZeroU32::new);
    Limit { per_minute, per_day, watched }
}

impl Server {
    fn limit(&self, client: &Client, limit: Limit) {
        self.act(|conn, actor| {
            limits::set_for_application(conn, actor, &client.client_id, Some(&limit))
        });
    }

    fn limit_api(&self, identifier: &str, limit: Limit) {
        self.act(|conn, actor| limits::set_for_resource(conn, actor, identifier, Some(&limit)));
    }

    fn statuses(&self, client: &Client, count: usize) -> Vec<u16> {
        (0..count).map(|_| self.token(client, &[("resource", BILLING)]).status).collect()
    }

    fn met(&self, subject: &Subject) -> Vec<(String, Hits)> {
        actix_web::rt::System::new().block_on(self.app.write_met_limits());
        self.read(|conn| store::limits::met(conn, subject, 0, 10))
    }
}

#[test]
fn who_has_had_its_tokens_is_told_how_long_to_wait() {
    let server = Server::start();
    let world = server.world();
    server.limit(&world.billing, limit(3, 0, false));
    let first = server.token(&world.billing, &[("resource", BILLING)]);
    assert_eq!(first.header("ratelimit-policy"), Some("\"tokens\";q=3;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"tokens\";r=2;t=20"));
    assert_eq!(server.statuses(&world.billing, 3), [200, 200, 429]);

    let refused = server.token(&world.billing, &[("resource", BILLING)]);
    assert_eq!((refused.status, refused.error().as_str()), (429, "temporarily_unavailable"));
    assert_eq!(refused.header("ratelimit"), Some("\"tokens\";r=0;t=60"));
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((20..=21).contains(&wait), "{wait}");
    let [event, ..] = server
        .events("token.denied")
        .try_into()
        .unwrap_or_else(|events: Vec<_>| [events.into_iter().next().unwrap()]);
    assert_eq!(event.reason.as_deref(), Some("application_limit"));
    let said = event.detail.unwrap();
    assert!(said.starts_with("more than the 3 a minute of application m2m_"), "{said}");

    server.advance(Seconds(wait));
    assert_eq!(server.statuses(&world.billing, 2), [200, 429], "it fills evenly");
    let subject = Subject::Application(world.billing.client_id.clone());
    assert_eq!(server.met(&subject), [(world.billing.client_id, Hits { refused: 3, watched: 0 })]);
}

#[test]
fn who_is_without_a_limit_sees_nothing_of_it() {
    let server = Server::start();
    let world = server.world();
    server.limit(&world.billing, limit(1, 0, false));
    server.act(|conn, actor| {
        limits::set_for_application(conn, actor, &world.billing.client_id, None)
    });
    let answer = server.token(&world.billing, &[("resource", BILLING)]);
    assert_eq!((answer.status, answer.header("ratelimit")), (200, None));
    assert_eq!(server.statuses(&world.billing, 5), [200; 5]);
    assert_eq!(server.events("limit.set").len(), 1);
    assert_eq!(server.events("limit.removed").len(), 1);
}

#[test]
fn a_limit_that_is_only_watched_refuses_nobody_and_says_who_it_would() {
    let server = Server::start();
    let world = server.world();
    server.limit_api(BILLING, limit(2, 0, true));
    assert_eq!(server.statuses(&world.billing, 5), [200; 5]);
    let said: Vec<_> =
        server.events("token.issued").into_iter().filter_map(|event| event.detail).collect();
    let sentence = format!("more than the 2 a minute of resource {BILLING}, only watched");
    assert_eq!(said, vec![sentence; 3]);
    let subject = Subject::Resource(BILLING.to_owned());
    assert_eq!(server.met(&subject), [(world.billing.client_id, Hits { refused: 0, watched: 3 })]);
}

/// What was issued before this process began, or by another, counts.
#[test]
fn the_day_of_an_api_goes_on_after_a_restart_and_ends_at_midnight() {
    let server = Server::start();
    let world = server.world();
    assert_eq!(server.statuses(&world.billing, 4), [200; 4]);
    server.settle();
    server.limit_api(BILLING, limit(0, 6, false));
    assert_eq!(server.statuses(&world.billing, 3), [200, 200, 429]);
    let refused = server.token(&world.billing, &[("resource", BILLING)]);
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(wait <= 86_401, "{wait}");
    assert_eq!(
        server.events("token.denied").first().unwrap().reason.as_deref(),
        Some("resource_limit")
    );
    server.advance(Seconds(wait));
    assert_eq!(server.statuses(&world.billing, 7), [200, 200, 200, 200, 200, 200, 429]);
}

#[test]
fn all_applications_have_the_limit_of_the_settings_unless_they_have_their_own() {
    let server = Server::start_with(&[("COUNTERSIGN_TOKENS_PER_MINUTE", "2")]);
    let world = server.world();
    let other = server.application("Reporting", &[(BILLING, "invoices:read")]);
    server.limit(&other, limit(4, 0, false));
    assert_eq!(server.statuses(&world.billing, 3), [200, 200, 429]);
    assert_eq!(server.statuses(&other, 5), [200, 200, 200, 200, 429]);
}

#[test]
fn a_limit_goes_with_its_application_and_its_api() {
    let server = Server::start();
    let world = server.world();
    server.limit(&world.billing, limit(1, 0, false));
    server.limit_api(BILLING, limit(0, 1, true));
    let all = |conn: &mut store::Conn| store::limits::page(conn, None, 10);
    assert_eq!(server.read(all).len(), 2);
    server.act(|conn, actor| {
        countersign::admin::applications::delete(conn, actor, &world.billing.client_id)
    });
    server.act(|conn, actor| {
        let id = countersign::admin::resources::resolve(conn, BILLING)?.id;
        countersign::admin::resources::delete(conn, actor, &id)
    });
    assert!(server.read(all).is_empty());
}
