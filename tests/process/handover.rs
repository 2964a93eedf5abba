//! One process takes the place of another, on a socket that stays open.
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::life::{application, ask, request};
use super::{Place, Running};

/// The server, with `socket` as what a supervisor hands over.
fn with_socket(place: &Place, socket: &TcpListener) -> Command {
    let serve = place.command(&["serve"]);
    let mut shell = Command::new("/bin/sh");
    // A shell puts our standard input where systemd puts sockets.
    shell
        .args(["-c", "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" serve 3<&0 0</dev/null"])
        .arg(serve.get_program())
        .env_clear()
        .envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    shell
}

fn begin(place: &Place, socket: &TcpListener) -> Running {
    Running::of(with_socket(place, socket).spawn().unwrap())
}

fn end(mut running: Running) {
    running.signal("-TERM");
    assert!(running.child.wait().unwrap().success());
}

/// Asks until told to stop, on a new connection each time or on one that is kept
/// for as long as the server keeps it. How many tokens there were, and how often it
/// was sent away: by a server that waits for a busy disk.
fn ask_on(place: &Place, request: &[u8], is_kept: bool, stop: &AtomicBool) -> [usize; 2] {
    let (mut done, mut sent_away, mut kept) = (0, 0, None);
    while !stop.load(Ordering::Relaxed) {
        let mut stream = kept.take().unwrap_or_else(|| TcpStream::connect(place.address).unwrap());
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (status, _, closes) = ask(&mut stream, request).unwrap();
        match status {
            200 => done += 1,
            503 => {
                sent_away += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
            status => panic!("{status}"),
        }
        kept = (is_kept && !closes).then_some(stream);
    }
    [done, sent_away]
}

/// Ends those who ask when the test ends, passed or not: else it would hang.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn while_one_process_takes_the_place_of_another_no_request_fails() {
    let place = Place::new();
    let request = request(&application(&place));
    let socket = TcpListener::bind(place.address).unwrap();
    let mut running = begin(&place, &socket);
    let stop = AtomicBool::new(false);
    let [tokens, sent_away] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let running = std::thread::scope(|scope| {
        let _end = End(&stop);
        for number in 0..6 {
            let (place, request, stop) = (&place, &request, &stop);
            let (tokens, sent_away) = (&tokens, &sent_away);
            scope.spawn(move || {
                let [done, not] = ask_on(place, request, number % 2 == 0, stop);
                tokens.fetch_add(done, Ordering::Relaxed);
                sent_away.fetch_add(not, Ordering::Relaxed);
            });
        }
        // Beside the old one, and after it is gone: then callers wait.
        for is_beside in [true, false, true] {
            if is_beside {
                let new = begin(&place, &socket);
                end(std::mem::replace(&mut running, new));
            } else {
                end(running);
                running = begin(&place, &socket);
            }
        }
        running
    });
    end(running);
    let (tokens, sent_away) = (tokens.into_inner(), sent_away.into_inner());
    assert!(tokens > 20 && sent_away * 10 < tokens, "{tokens} tokens, {sent_away} times none");
    let verified = place.run(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let starts = place.run(&["audit", "export", "--code", "server.started"]);
    assert_eq!(String::from_utf8(starts.stdout).unwrap().lines().count(), 4);
}

/// RFC 9112 §9.6: who is asked on an open connection while it leaves says that
/// the connection ends.
#[test]
fn a_connection_that_is_idle_when_the_server_is_told_to_stop_is_good_for_one_more_request() {
    let place = Place::new();
    let request = request(&application(&place));
    let mut running = place.serve(&[]);
    let mut idle = TcpStream::connect(place.address).unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert!(matches!(ask(&mut idle, &request), Some((200, _, false))));
    running.signal("-TERM");
    // Once nobody is let in any more it is leaving.
    while TcpStream::connect(place.address).is_ok() {
        std::thread::yield_now();
    }
    assert!(matches!(ask(&mut idle, &request), Some((200, _, true))));
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn a_socket_that_no_door_is_for_is_said_and_the_server_does_not_start() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = with_socket(&place, &other).stderr(Stdio::piped()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&other.local_addr().unwrap().to_string()), "{said}");
    assert!(said.contains("COUNTERSIGN_LISTEN"), "{said}");
}
