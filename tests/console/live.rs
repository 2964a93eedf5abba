//! The log as it is written: nothing missed, nothing twice, and only for who
//! may read it.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use countersign::admin::administrators;

use crate::support::Server;
use crate::support::browser::Browser;

/// A stream, read line by line.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    fn open(server: &Server, browser: &Browser<'_>, query: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let cookie = browser.cookie();
        let request =
            format!("GET /log/stream{query} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// Reads until a line begins so; `None` when the stream ends before.
    fn until(&mut self, start: &str) -> Option<String> {
        let mut line = String::new();
        while self.0.read_line(&mut line).unwrap() > 0 {
            if line.starts_with(start) {
                return Some(line.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    /// The ids of the rows of the next event that has any, and its cursor.
    fn rows(&mut self) -> (Vec<String>, String) {
        self.until("event: rows").unwrap();
        let cursor = self.until("id: ").unwrap();
        let data = self.until("data: ").unwrap();
        let ids = data.split("id=\"w-").skip(1).map(|part| part.chars().take(26).collect());
        (ids.collect(), cursor.trim_start_matches("id: ").to_owned())
    }
}

fn id(answer: &crate::support::http::Answer) -> String {
    answer.header("x-request-id").unwrap().trim_start_matches("req_").to_owned()
}

#[test]
fn a_row_comes_as_it_is_recorded_and_after_a_break_none_is_missed_or_sent_twice() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("auditor");
    let mut watcher = Watcher::open(&server, &browser, "?kind=token");
    assert!(watcher.until("retry: ").is_some());
    let first = id(&server.token(&world.billing, &[]));
    let (rows, cursor) = watcher.rows();
    assert_eq!(rows, [first]);
    drop(watcher);
    let missed = [id(&server.token(&world.billing, &[])), id(&server.token(&world.mallory, &[]))];
    let mut again = Watcher::open(&server, &browser, &format!("?kind=token&after={cursor}"));
    let (mut rows, _) = again.rows();
    rows.sort();
    let mut expected = missed.to_vec();
    expected.sort();
    assert_eq!(rows, expected);
    let last = id(&server.token(&world.reporting, &[]));
    assert_eq!(again.rows().0, [last]);
}

#[test]
fn the_stream_is_narrowed_as_the_log_is() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("auditor");
    let mut watcher = Watcher::open(&server, &browser, "?outcome=refused&kind=token");
    assert!(watcher.until("retry: ").is_some());
    server.token(&world.billing, &[]);
    let refused = id(&server.token(&world.mallory, &[]));
    assert_eq!(watcher.rows().0, [refused]);
}

#[test]
fn who_is_suspended_watches_no_longer_and_who_is_not_signed_in_never_did() {
    let server = Server::start();
    let browser = server.signed_in("auditor");
    server.administrator("owner");
    let mut watcher = Watcher::open(&server, &browser, "");
    assert!(watcher.until("retry: ").is_some());
    let people = server.read(countersign::store::administrators::all);
    let person = people.iter().find(|person| person.name == "auditor").unwrap().id.clone();
    server.act(|conn, actor| administrators::suspend(conn, actor, &person));
    assert_eq!(watcher.until("event: summary"), None, "ends instead");
    assert_eq!(server.browser().get("/log/stream").status, 303);
    assert_eq!(server.browser().get("/log/live").status, 303);
}

#[test]
fn the_page_has_the_newest_rows_without_a_script() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    let browser = server.signed_in("auditor");
    let page = browser.get("/log/live?kind=token");
    assert_eq!(page.status, 200);
    assert_eq!(page.texts("#live-rows tbody tr").len(), 1);
    assert!(page.text.contains("data-stream=\"/log/stream?kind=token\""));
    assert_eq!(browser.get("/log/live?kind=&q=x&period=7d").header("location"), Some("/log/live"));
    assert_eq!(browser.get("/log/stream?after=nonsense").status, 400);
}
