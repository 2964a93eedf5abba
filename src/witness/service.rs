//! `POST /add-checkpoint`.
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{App, HttpResponse, HttpServer, web};

use super::Error;
use super::judgement::{Refusal, Request};
use super::memory::{Memory, Unsigned};
use crate::host::Clock;

/// A checkpoint with all its signatures, and a proof.
const LONGEST: usize = 64 * 1_024;

struct Witness {
    memory: Memory,
    clock: Clock,
}

/// Serves until it is told to stop. `started` is told where it listens.
pub async fn run(
    memory: Memory,
    clock: Clock,
    listen: SocketAddr,
    started: impl FnOnce(SocketAddr),
) -> Result<(), Error> {
    let witness = web::Data::from(Arc::new(Witness { memory, clock }));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(witness.clone())
            .app_data(web::PayloadConfig::new(LONGEST))
            .service(
                web::resource("/add-checkpoint")
                    .route(web::post().to(add))
                    .default_service(web::to(HttpResponse::MethodNotAllowed)),
            )
            .route("/healthz", web::get().to(HttpResponse::NoContent))
    })
    .workers(1)
    .bind(listen)
    .map_err(|error| Error::Listen(listen, error))?;
    started(server.addrs().first().copied().unwrap_or(listen));
    Ok(server.run().await?)
}

async fn add(body: web::Bytes, witness: web::Data<Witness>) -> HttpResponse {
    let request = std::str::from_utf8(&body).ok().and_then(Request::parse);
    let Some(request) = request else { return refused(Refusal::Malformed) };
    let origin = request.checkpoint.checkpoint.origin.clone();
    let size = request.checkpoint.checkpoint.size;
    let signed = web::block(move || witness.memory.add(&request, witness.clock.now())).await;
    match signed {
        Ok(Ok(line)) => {
            tracing::info!(origin, size, "witness.signed");
            text(StatusCode::OK, "text/plain; charset=utf-8", format!("{line}\n"))
        }
        Ok(Err(Unsigned::Refused(refusal))) => {
            tracing::warn!(origin, size, ?refusal, "witness.refused");
            refused(refusal)
        }
        Ok(Err(Unsigned::Failed(error))) => {
            tracing::error!(origin, size, error, "witness.failed");
            HttpResponse::ServiceUnavailable().finish()
        }
        Err(error) => {
            tracing::error!(%error, "witness.failed");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

fn refused(refusal: Refusal) -> HttpResponse {
    let plain = "text/plain; charset=utf-8";
    match refusal {
        Refusal::Malformed => text(StatusCode::BAD_REQUEST, plain, "malformed\n".into()),
        Refusal::NotSigned => text(StatusCode::FORBIDDEN, plain, "not signed by the log\n".into()),
        Refusal::UnknownLog => text(StatusCode::NOT_FOUND, plain, "unknown log\n".into()),
        Refusal::Known(size) => text(StatusCode::CONFLICT, "text/x.tlog.size", format!("{size}\n")),
        Refusal::NotProved => {
            text(StatusCode::UNPROCESSABLE_ENTITY, plain, "the proof does not hold\n".into())
        }
    }
}

fn text(status: StatusCode, media_type: &'static str, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}
