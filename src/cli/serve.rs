//! `countersign serve`.
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::output;
use crate::admin::setup;
use crate::config::Config;
use crate::host::{Clock, Entropy};
use crate::server;
use crate::telemetry::logs;
use crate::web::App;

#[derive(Args)]
pub struct Serve {
    /// On a new database: register a demo API and application, and print a
    /// command that gets a token.
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub fn run(self, config: Config) -> anyhow::Result<()> {
        logs::start(&config.log).map_err(anyhow::Error::msg)?;
        actix_web::rt::System::new().block_on(async move {
            let open = move || App::open(config, Clock::System, Entropy::System);
            let app = Arc::new(tokio::task::spawn_blocking(open).await??);
            let greeting = greeting(&app).await.context("cannot prepare the first start")?;
            server::run(app, move || output::line(greeting)).await?;
            Ok(())
        })
    }
}

/// What the person who started it should see first.
async fn greeting(app: &Arc<App>) -> anyhow::Result<String> {
    let actor = server::system(app, app.clock.now());
    let link = app.act(move |conn| setup::offer(conn, &actor)).await?;
    let mut lines = vec![format!("Console: {}", app.config.url("/"))];
    if let Some(token) = link {
        lines.push(format!(
            "Set up the first administrator (once, within a day): {}",
            app.config.url(&format!("/setup?token={}", *token))
        ));
    }
    Ok(lines.join("\n"))
}
