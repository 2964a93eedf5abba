//! `countersign serve`.
use std::sync::Arc;

use clap::Args;

use super::{demo, output};
use crate::admin::setup;
use crate::config::Config;
use crate::host::{Clock, Entropy};
use crate::server::{self, sockets::Handed};
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
        // It changes the environment, and there is one thread yet.
        let handed = Handed::take()?;
        actix_web::rt::System::new().block_on(async move {
            let open = move || App::open(config, Clock::System, Entropy::System);
            let app = Arc::new(tokio::task::spawn_blocking(open).await??);
            let greeted = app.clone();
            // Not before every door is open: what is shown once would be lost
            // with a start that fails.
            let greet = async move {
                match self.greeting(&greeted).await {
                    Ok(greeting) => output::tell(greeting),
                    Err(error) => tracing::error!(%error, "server.greeting_failed"),
                }
            };
            server::run(app, handed, move || drop(actix_web::rt::spawn(greet))).await?;
            Ok(())
        })
    }

    /// What the person who started it should see first.
    async fn greeting(&self, app: &Arc<App>) -> anyhow::Result<String> {
        let actor = app.system();
        let offering = actor.clone();
        let link = app.act(move |conn| setup::offer(conn, &offering)).await?;
        let mut lines = vec![format!("Console: {}", app.config.console_url("/"))];
        if let Some(token) = link {
            lines.push(format!(
                "Set up the first administrator (once, within a day): {}",
                app.config.console_url(&format!("/setup?token={}", *token))
            ));
        }
        if self.demo {
            lines.push(match app.act(move |conn| demo::seed(conn, &actor)).await? {
                Some(made) => demo::commands(
                    &made,
                    &app.config.url("/oauth/token"),
                    &app.config.url("/whoami"),
                ),
                None => "This database is in use already: nothing was added for the demo. Its \
                         secret was shown on the first start; make another with `countersign \
                         secret add` or in the console."
                    .to_owned(),
            });
        }
        Ok(lines.join("\n"))
    }
}
