//! What the process tells who started it, and asks of the system.
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Where `sd_notify(3)` sends to; `None`: nobody asked.
pub struct Supervisor(Option<String>);

impl Supervisor {
    /// Who `NOTIFY_SOCKET` names.
    pub fn from_environment() -> Self {
        Self(std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty()))
    }

    /// Every door is open.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// It was told to stop.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    fn tell(&self, what: &str) {
        let Some(name) = &self.0 else { return };
        if let Err(error) = send(name, what.as_bytes()) {
            tracing::warn!(%error, "server.supervisor_not_told");
        }
    }
}

fn send(name: &str, what: &[u8]) -> std::io::Result<()> {
    let to = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(what, &to).map(|_| ())
}

/// Lets this process open as many files as it may: each connection is one, and
/// the limit that a process begins with is often 1,024.
pub fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "server.open_files_not_raised");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_it_is_told_in_the_words_of_systemd() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let waiting = UnixDatagram::bind(&path).unwrap();
        Supervisor(Some(path.display().to_string())).ready();
        let abstracted = format!("countersign-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstracted).unwrap();
        let elsewhere = UnixDatagram::bind_addr(&address).unwrap();
        Supervisor(Some(format!("@{abstracted}"))).stopping();
        let mut told = [0; 32];
        let length = waiting.recv(&mut told).unwrap();
        assert_eq!(&told[..length], b"READY=1");
        let length = elsewhere.recv(&mut told).unwrap();
        assert_eq!(&told[..length], b"STOPPING=1");
    }

    #[test]
    fn as_many_files_as_it_may_are_opened() {
        raise_open_files();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
