//! Sockets to listen on: opened here, or handed to us by who started us.
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::time::Duration;

use listenfd::ListenFd;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::Error;

/// Connections that wait to be accepted. The kernel has a limit of its own,
/// `net.core.somaxconn`.
const BACKLOG: i32 = 4_096;

/// How long a caller may leave what was sent to it unread before its connection
/// is broken off.
const UNREAD: Duration = Duration::from_secs(30);

/// What a supervisor opened for us before it started us, systemd's
/// `sd_listen_fds(3)`.
#[derive(Default)]
pub struct Handed(Vec<TcpListener>);

/// A socket that listens.
pub struct Listening {
    pub socket: TcpListener,
    /// Others accept from it too, or will: it goes on when this process ends.
    pub is_shared: bool,
}

impl Handed {
    /// Takes them by `LISTEN_FDS`, and that variable out of the environment: call
    /// it while there is one thread.
    ///
    /// # Errors
    /// `Handed`: one of them is no TCP socket that listens.
    pub fn take() -> Result<Self, Error> {
        let mut handed = ListenFd::from_env();
        let sockets = (0..handed.len()).filter_map(|at| handed.take_tcp_listener(at).transpose());
        Ok(Self(sockets.collect::<Result<_, _>>().map_err(Error::Handed)?))
    }

    /// The socket for `address`: the one that was handed over, else a new one.
    ///
    /// # Errors
    /// `Listen`: it cannot be opened.
    pub fn listen(&mut self, address: SocketAddr) -> Result<Listening, Error> {
        let is_it = |socket: &TcpListener| socket.local_addr().is_ok_and(|at| at == address);
        let (socket, is_shared) = match self.0.iter().position(is_it) {
            Some(at) => (self.0.swap_remove(at), true),
            None => (open(address).map_err(|error| Error::Listen(address, error))?, false),
        };
        // Those that it accepts have it too. What is not granted changes little.
        let _ = SockRef::from(&socket).set_tcp_user_timeout(Some(UNREAD));
        Ok(Listening { socket, is_shared })
    }

    /// Refuses to leave callers before a socket that nobody accepts from.
    ///
    /// # Errors
    /// `NoDoor`: one is left.
    pub fn must_be_used(self) -> Result<(), Error> {
        match self.0.first().map(TcpListener::local_addr) {
            None => Ok(()),
            Some(Ok(address)) => Err(Error::NoDoor(address)),
            Some(Err(error)) => Err(Error::Handed(error)),
        }
    }
}

/// Refuses connections to a socket from now on, whoever else has it open.
pub fn refuse(socket: &TcpListener) {
    let _ = SockRef::from(socket).shutdown(Shutdown::Read);
}

fn open(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // What the last process left in TIME_WAIT is in nobody's way.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn loopback() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    #[test]
    fn a_door_takes_the_socket_of_its_address_and_opens_one_where_there_is_none() {
        let theirs = open(loopback()).unwrap();
        let address = theirs.local_addr().unwrap();
        let mut handed = Handed(vec![theirs]);
        let own = handed.listen(loopback()).unwrap();
        assert!(!own.is_shared && own.socket.local_addr().unwrap() != address);
        let taken = handed.listen(address).unwrap();
        assert!(taken.is_shared && taken.socket.local_addr().unwrap() == address);
        assert!(handed.must_be_used().is_ok());
    }

    #[test]
    fn a_socket_that_no_door_is_for_is_an_error() {
        let theirs = open(loopback()).unwrap();
        let address = theirs.local_addr().unwrap();
        let refused = Handed(vec![theirs]).must_be_used().unwrap_err();
        assert!(matches!(refused, Error::NoDoor(at) if at == address), "{refused}");
    }

    #[test]
    fn a_socket_that_refuses_takes_no_more_connections() {
        let socket = open(loopback()).unwrap();
        let address = socket.local_addr().unwrap();
        assert!(TcpStream::connect(address).is_ok());
        let other = socket.try_clone().unwrap();
        refuse(&socket);
        assert!(TcpStream::connect(address).is_err());
        drop(other);
    }
}
