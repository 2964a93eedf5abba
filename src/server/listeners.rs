//! The doors: OAuth, the console (here or on its own), and metrics.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, HttpServer, web};

use super::{Error, health};
use crate::web::{App, security_headers, session_store, static_files};
use crate::{console, protocol};

/// Servers that are listening.
pub struct Doors {
    handles: Vec<ServerHandle>,
    /// Where each really listens: OAuth, then the console if it has a door of
    /// its own, then metrics if they have one.
    pub addresses: Vec<SocketAddr>,
}

/// Opens every configured door.
pub fn open(app: &Arc<App>) -> Result<Doors, Error> {
    let config = &app.config;
    let cookie_key = app.keys.cookie_key()?;
    let own_console = config.console_listen.is_some();
    let mut servers = vec![serve(app, config.listen, {
        let app = app.clone();
        move |services: &mut web::ServiceConfig| {
            health::routes(services);
            protocol::routes(services, &app);
            if !own_console {
                console_routes(services, &app, &cookie_key);
            }
        }
    })?];
    if let Some(address) = config.console_listen {
        let routes_app = app.clone();
        servers.push(serve(app, address, move |services| {
            health::routes(services);
            console_routes(services, &routes_app, &cookie_key);
        })?);
    }
    if let Some(address) = config.metrics_listen {
        servers.push(serve(app, address, |services| {
            health::routes(services);
            health::metrics_routes(services);
        })?);
    }
    let addresses = servers.iter().map(|(_, address)| *address).collect();
    let handles = servers.iter().map(|(server, _)| server.handle()).collect();
    for (server, _) in servers {
        actix_web::rt::spawn(server);
    }
    Ok(Doors { handles, addresses })
}

/// The console with its session, its headers and its files.
pub fn console_routes(services: &mut web::ServiceConfig, app: &Arc<App>, cookie_key: &[u8; 64]) {
    let sessions = session_store::middleware(
        &app.config,
        app.store.clone(),
        app.clock.clone(),
        app.entropy.clone(),
        cookie_key,
    );
    services.service(
        web::scope("/static")
            .wrap(Compress::default())
            .route("/{version}/{name:.*}", web::get().to(static_files::get)),
    );
    services.service(
        web::scope("")
            .wrap(sessions)
            .wrap(from_fn(security_headers::set))
            .wrap(Compress::default())
            .configure(console::routes),
    );
}

fn serve(
    app: &Arc<App>,
    address: SocketAddr,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> Result<(Server, SocketAddr), Error> {
    let data = web::Data::from(app.clone());
    let server =
        HttpServer::new(move || Actix::new().app_data(data.clone()).configure(routes.clone()))
            .client_request_timeout(Duration::from_secs(app.config.limits.request_seconds))
            .shutdown_timeout(app.config.shutdown_seconds)
            .disable_signals();
    let server = match app.config.workers {
        0 => server,
        workers => server.workers(workers),
    };
    let server = server.bind(address).map_err(|error| Error::Listen(address, error))?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), bound))
}

impl Doors {
    /// Takes no more connections, and waits for the requests in flight.
    pub async fn drain(self, at_most: Duration) {
        let all = futures_util::future::join_all(self.handles.iter().map(|h| h.stop(true)));
        if tokio::time::timeout(at_most + Duration::from_secs(1), all).await.is_err() {
            tracing::warn!("server.drain_timed_out");
        }
    }
}
