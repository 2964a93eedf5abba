//! An API that checks tokens at home.
//!
//! ```sh
//! cargo run --example demo_api -- --issuer http://localhost:8080 \
//!   --resource https://api.example.com/billing --revocation feed
//! ```
#![expect(clippy::print_stdout, reason = "it says where it listens")]
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use countersign::oauth::scope::ScopeSet;
use countersign::oauth::time::Seconds;
use countersign::verify::actix::{Caller, Protect, Refused};
use countersign::verify::{Configuration, Revocation, Verifier, WhenStale};
use serde_json::json;

/// Invoices, for those who may see them.
#[derive(Parser)]
struct Options {
    /// As it stands in `iss`; or set `DEMO_ISSUER`.
    #[arg(long)]
    issuer: Option<String>,
    /// Scheme, host and port to reach the issuer at, when those are others.
    #[arg(long)]
    reached_at: Option<String>,
    /// This API, as it stands in `aud`; or set `DEMO_RESOURCE`.
    #[arg(long)]
    resource: Option<String>,
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[arg(long, value_enum, default_value = "expiry")]
    revocation: Policy,
    /// Seconds that the feed's last word may be old.
    #[arg(long, default_value_t = 15)]
    max_stale: i64,
    /// Ask the feed every second instead of listening to it.
    #[arg(long)]
    poll: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Policy {
    Expiry,
    List,
    /// With `DEMO_CLIENT_ID` and `DEMO_CLIENT_SECRET` set the issuer is asked
    /// for each token while the feed is stale; without, all are refused.
    Feed,
}

impl Options {
    fn configuration(self) -> anyhow::Result<Configuration> {
        let given = |value: Option<String>, name| value.or_else(|| std::env::var(name).ok());
        let issuer = given(self.issuer, "DEMO_ISSUER").context("name the --issuer")?;
        let resource = given(self.resource, "DEMO_RESOURCE").context("name the --resource")?;
        let mut configuration = Configuration::new(issuer, resource);
        configuration.reached_at = self.reached_at;
        configuration.timing.stream = !self.poll;
        configuration.revocation = match self.revocation {
            Policy::Expiry => Revocation::ExpiryOnly,
            Policy::List => Revocation::StatusList,
            Policy::Feed => {
                let credential = ["DEMO_CLIENT_ID", "DEMO_CLIENT_SECRET"].map(std::env::var);
                let when_stale = match credential {
                    [Ok(client_id), Ok(secret)] => {
                        WhenStale::Introspect { client_id, client_secret: secret.into() }
                    }
                    _ => WhenStale::Refuse,
                };
                Revocation::Feed { max_stale: Seconds(self.max_stale), when_stale }
            }
        };
        Ok(configuration)
    }
}

/// Any good token that may read.
async fn list(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "invoices": [], "seen_by": caller.0.claims.client_id }))
}

/// One that may write, too.
async fn raise(caller: Caller) -> Result<HttpResponse, Refused> {
    let write = ScopeSet::parse("invoices:write").unwrap_or_default();
    caller.must(&write)?;
    Ok(HttpResponse::Created().json(json!({ "raised_by": caller.0.claims.client_id })))
}

/// For everybody: what the verifier holds.
async fn state(verifier: web::Data<Verifier>) -> HttpResponse {
    let state = verifier.state();
    let feed_age = state.feed_age.map(|Seconds(age)| age);
    HttpResponse::Ok().json(json!({ "keys": state.keys, "feed_age": feed_age }))
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let listen = options.listen;
    let verifier = Arc::new(Verifier::start(options.configuration()?)?);
    let read = ScopeSet::parse("invoices:read").map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let server = HttpServer::new(move || {
        let invoices = web::resource("/invoices")
            .wrap(Protect::new(&verifier, read.clone()))
            .route(web::get().to(list))
            .route(web::post().to(raise));
        App::new()
            .app_data(web::Data::from(verifier.clone()))
            .route("/state", web::get().to(state))
            .service(invoices)
    })
    .workers(2)
    .bind(listen)?;
    for address in server.addrs() {
        println!("Invoices: http://{address}/invoices");
    }
    server.run().await?;
    Ok(())
}
