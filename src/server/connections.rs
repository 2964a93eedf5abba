//! The connections that are open, and how they are brought to an end without
//! breaking off what somebody sends.
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::ConnectionType;
use futures_util::TryFutureExt as _;
use futures_util::future::MapOk;

/// How long a connection may be idle between two requests. A proxy before us
/// must give up its own sooner.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How long it takes at most until a connection that was accepted is counted.
const ACCEPTED: Duration = Duration::from_millis(100);

/// Counts open connections; a clone is one more handle on the same count.
#[derive(Clone, Default)]
pub struct Connections(Arc<State>);

#[derive(Default)]
struct State {
    open: AtomicUsize,
    leaving: AtomicBool,
}

/// Counted while it lives.
struct Open(Arc<State>);

impl Connections {
    /// Notes a connection; it is over when `extensions` of it are dropped.
    pub fn note(&self, extensions: &mut Extensions) {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        extensions.insert(Open(self.0.clone()));
    }

    pub fn count(&self) -> usize {
        self.0.open.load(Ordering::Relaxed)
    }

    /// From now on every answer says that its connection ends with it.
    pub fn begin_leaving(&self) {
        self.0.leaving.store(true, Ordering::Relaxed);
    }

    /// Returns when none is left, or after `at_most`, or once an idle one has been
    /// idle for as long as it may be at any time.
    pub async fn gone(&self, at_most: Duration) {
        let idle = KEEP_ALIVE + Duration::from_secs(1);
        let (begun, patience) = (Instant::now(), at_most.min(idle));
        tokio::time::sleep(ACCEPTED.min(patience)).await;
        while self.count() > 0 && begun.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `Connection: close` on every answer, RFC 9112 §9.6.
fn closing<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    response
}

fn unchanged<B>(response: ServiceResponse<B>) -> ServiceResponse<B> {
    response
}

impl<S, B> Transform<S, ServiceRequest> for Connections
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = Counted<S>;
    type InitError = ();
    type Future = Ready<Result<Counted<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Counted { service, connections: self.clone() }))
    }
}

/// A service whose connections are counted.
pub struct Counted<S> {
    service: S,
    connections: Connections,
}

impl<S, B> Service<ServiceRequest> for Counted<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    /// Not boxed: every token passes here.
    type Future = MapOk<S::Future, fn(ServiceResponse<B>) -> ServiceResponse<B>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let is_leaving = self.connections.0.leaving.load(Ordering::Relaxed);
        let end = if is_leaving { closing::<B> } else { unchanged::<B> };
        self.service.call(request).map_ok(end)
    }
}
