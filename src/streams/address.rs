//! Which addresses a receiver may have, and finding them in time.
use std::io::{Error as IoError, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc::channel;
use std::time::Instant;

/// What is said of an address that may not be called.
pub const NOT_PUBLIC: &str = "the address is not public, and allow_private is not set";

/// The addresses of a host: all public ones, unless `private` allows others.
///
/// # Errors
/// The name leads nowhere, or to an address that is not public; or nobody
/// answered by `deadline`.
pub fn find(
    host: &str,
    port: u16,
    private: bool,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, IoError> {
    let (found, finding) = channel();
    let name = host.to_owned();
    // The system's resolver takes no deadline: it is left behind when it is late.
    std::thread::Builder::new().name("resolver".into()).spawn(move || {
        let _ = found.send((name.as_str(), port).to_socket_addrs().map(Iterator::collect));
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    let late = |_| IoError::new(ErrorKind::TimedOut, format!("{host} was not resolved in time"));
    let found: Vec<SocketAddr> = finding.recv_timeout(left).map_err(late)??;
    if !private && found.iter().any(|address| !is_public(address.ip())) {
        return Err(IoError::new(ErrorKind::PermissionDenied, NOT_PUBLIC));
    }
    Ok(found)
}

/// Whether an address is one of the public internet: not of this machine, a
/// private network, a link (where clouds hand out credentials), or many.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// The IANA registry of special-purpose addresses, and one of Azure's.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || [a, b, c] == [192, 0, 0]
        || [a, b, c] == [192, 88, 99]
        || ip.octets() == [168, 63, 129, 16])
}

/// Global unicast is `2000::/3`, less what is special in it; besides, what
/// translates a public address of version 4.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
    };
    match ip.segments() {
        // RFC 6052 §2.1, RFC 3056.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // RFC 2928 (Teredo and others), RFC 3849 and RFC 9637 (documentation).
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_public_addresses_are_called() {
        for ip in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "::127.0.0.1",
            "::8.8.8.8",
            "fe80::1",
            "fec0::1",
            "feff::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        let public = ["8.8.8.8", "192.0.1.1", "2606:4700::1111", "2001:4860:4860::8888"];
        for ip in public.into_iter().chain(["64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::"])
        {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_found_when_that_is_allowed() {
        let deadline = Instant::now() + Duration::from_secs(10);
        let refused = find("127.0.0.1", 1, false, deadline).unwrap_err();
        assert_eq!(refused.to_string(), NOT_PUBLIC);
        assert_eq!(find("127.0.0.1", 1, true, deadline).unwrap(), ["127.0.0.1:1".parse().unwrap()]);
    }
}
