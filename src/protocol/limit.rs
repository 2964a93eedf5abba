//! Whether a token is within the limits of its application and its resources.
use super::failure::Failure;
use crate::limits::Taken;
use crate::model::usage;
use crate::oauth::client::Client;
use crate::oauth::client_credentials::Issuance;
use crate::oauth::limit::applicable;
use crate::store::limits;
use crate::web::App;

/// Takes one token from each limit there is.
///
/// # Errors
/// * `Limited`: a limit that is enforced is met.
/// * `Store`: it cannot be read what was issued today.
pub async fn take(app: &App, client: &Client, issuance: &Issuance) -> Result<Taken, Failure> {
    let limits = applicable(client, issuance, app.config.limits.tokens);
    if limits.is_empty() {
        return Ok(Taken::default());
    }
    for subject in app.token_limits.unread(&limits) {
        let today = usage::day(app.clock.now());
        let read = subject.clone();
        let issued = app.store.read(move |conn| limits::issued(conn, &read, today)).await?;
        app.token_limits.learn(&subject, today, issued);
    }
    let taken = app
        .token_limits
        .take(&limits, &client.client_id)
        .map_err(|exceeded| Failure::Limited(Box::new(exceeded)))?;
    if taken.watched.is_some() {
        app.metrics.tokens_above_limit.inc();
    }
    Ok(taken)
}
