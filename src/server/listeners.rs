//! The doors: OAuth, the console (here or on its own), and metrics.
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, HttpServer, web};

use super::connections::{Connections, KEEP_ALIVE};
use super::sockets::{Handed, Listening, refuse};
use super::{Error, health};
use crate::web::{App, security_headers, session_store, static_files};
use crate::{console, protocol};

/// How long it takes until a thread that accepts connections heard that it is
/// not to.
const PAUSED: Duration = Duration::from_millis(10);

/// Servers that are listening.
#[derive(Default)]
pub struct Doors {
    handles: Vec<ServerHandle>,
    /// Sockets that nobody but this process accepts from.
    own: Vec<TcpListener>,
    connections: Connections,
    /// Where each really listens: OAuth, then the console if it has a door of
    /// its own, then metrics if they have one.
    pub addresses: Vec<SocketAddr>,
}

/// Opens every configured door, on the sockets that were handed over where
/// they are for it.
pub fn open(app: &Arc<App>, mut handed: Handed) -> Result<Doors, Error> {
    let config = &app.config;
    let cookie_key = app.keys.cookie_key()?;
    let own_console = config.console_listen.is_some();
    let main = handed.listen(config.listen)?;
    let console = config.console_listen.map(|address| handed.listen(address)).transpose()?;
    let metrics = config.metrics_listen.map(|address| handed.listen(address)).transpose()?;
    handed.must_be_used()?;

    let mut doors = Doors::default();
    let routes_app = app.clone();
    doors.serve(app, main, move |services: &mut web::ServiceConfig| {
        health::routes(services);
        protocol::routes(services, &routes_app);
        if !own_console {
            console_routes(services, &routes_app, &cookie_key);
        }
    })?;
    if let Some(console) = console {
        let routes_app = app.clone();
        doors.serve(app, console, move |services| {
            health::routes(services);
            console_routes(services, &routes_app, &cookie_key);
        })?;
    }
    if let Some(metrics) = metrics {
        doors.serve(app, metrics, |services| {
            health::routes(services);
            health::metrics_routes(services);
        })?;
    }
    Ok(doors)
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

impl Doors {
    fn serve(
        &mut self,
        app: &Arc<App>,
        listening: Listening,
        routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    ) -> Result<(), Error> {
        let (data, connections) = (web::Data::from(app.clone()), self.connections.clone());
        let Listening { socket, is_shared } = listening;
        self.addresses.push(socket.local_addr()?);
        if !is_shared {
            self.own.push(socket.try_clone()?);
        }
        let counted = connections.clone();
        let server = HttpServer::new(move || {
            Actix::new().app_data(data.clone()).wrap(connections.clone()).configure(routes.clone())
        })
        .on_connect(move |_, extensions| counted.note(extensions))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(Duration::from_secs(app.config.limits.request_seconds))
        .shutdown_timeout(app.config.shutdown_seconds)
        .disable_signals();
        let server = match app.config.workers {
            0 => server,
            workers => server.workers(workers),
        };
        let server = server.listen(socket)?.run();
        self.handles.push(server.handle());
        actix_web::rt::spawn(server);
        Ok(())
    }

    /// Takes no more connections, and waits for the requests in flight and for
    /// those who are about to send another on an open connection.
    pub async fn drain(self, at_most: Duration) {
        let begun = Instant::now();
        self.connections.begin_leaving();
        futures_util::future::join_all(self.handles.iter().map(ServerHandle::pause)).await;
        tokio::time::sleep(PAUSED).await;
        // Who else has a shared socket accepts from it. To refuse others at once
        // lets a proxy go elsewhere.
        self.own.iter().for_each(refuse);
        self.connections.gone(at_most).await;
        let all = futures_util::future::join_all(self.handles.iter().map(|h| h.stop(true)));
        let rest = at_most.saturating_sub(begun.elapsed()) + Duration::from_secs(1);
        if tokio::time::timeout(rest, all).await.is_err() {
            tracing::warn!(open = self.connections.count(), "server.drain_timed_out");
        }
    }
}
