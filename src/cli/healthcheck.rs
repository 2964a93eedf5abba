//! `countersign healthcheck`: for containers and supervisors.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;

use super::output::Output;
use crate::config::Config;

pub fn run(config: &Config, output: Output) -> anyhow::Result<()> {
    let url = format!("http://{}/readyz", reachable(config.listen));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(2)))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut answer = agent
        .get(&url)
        .call()
        .map_err(|error| anyhow::anyhow!("{url} does not answer: {error}"))?;
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    anyhow::ensure!(answer.status().is_success(), "the server is not ready: {text}");
    output.done("ready", &json!({ "status": "ready" }));
    Ok(())
}

/// A server that listens everywhere is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
