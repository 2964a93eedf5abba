//! The caller's address, behind proxies that are trusted to say it.
use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The address that the request came from. `X-Forwarded-For` counts only when
/// the connection comes from a trusted proxy, and then from its right end: the
/// first address that is no trusted proxy. What stands left of it is the
/// caller's own claim.
pub fn address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|peer| peer.ip())?;
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .collect();
    Some(resolve(peer, &forwarded, trusted))
}

fn resolve(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer.to_canonical();
    for hop in forwarded.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim) {
        if !is_trusted(&nearest) {
            break;
        }
        // What cannot be read ends the chain of those who may be believed.
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        resolve(peer.parse().unwrap(), forwarded, &trusted).to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_adds_is_believed() {
        assert_eq!(from("192.0.2.7", &["203.0.113.1"]), "192.0.2.7", "no proxy of ours");
        assert_eq!(from("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(from("10.0.0.1", &["6.6.6.6, 203.0.113.1, 10.0.0.2"]), "203.0.113.1");
        assert_eq!(from("10.0.0.1", &["6.6.6.6", "203.0.113.1"]), "203.0.113.1");
        assert_eq!(from("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
    }
}
