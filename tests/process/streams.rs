//! Streams of the log, to receivers that take, refuse, hang up and come back.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Place, Running};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Waits until something came.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// What a webhook or an OTLP receiver was sent.
#[derive(Clone, Debug)]
struct Request {
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
        }
        let request = Self { headers, body: String::new() };
        let mut body = vec![0; request.header("content-length").parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        Some(Self { body: String::from_utf8(body).ok()?, ..request })
    }
}

type Requests = Arc<Mutex<Vec<Request>>>;

/// A receiver that answers the nth request with a status, or hangs up.
fn receiver(answer: fn(usize) -> Option<u16>) -> (u16, Requests) {
    receiver_saying(move |number| answer(number).map(|status| (status, "{}")))
}

fn receiver_saying(
    answer: impl Fn(usize) -> Option<(u16, &'static str)> + Send + 'static,
) -> (u16, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Requests::default();
    let all = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let Some(request) = Request::read(&stream) else { continue };
            let number = {
                let mut all = all.lock().unwrap();
                all.push(request);
                all.len()
            };
            if let Some((status, body)) = answer(number) {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                let _ = (&stream)
                    .write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
            }
        }
    });
    (port, requests)
}

/// Reads octet-counted frames.
fn frames(stream: impl std::io::Read, all: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = Vec::new();
        match reader.read_until(b' ', &mut length) {
            Ok(bytes) if bytes > 0 => {}
            _ => return,
        }
        let length: usize = String::from_utf8(length).unwrap().trim().parse().unwrap();
        let mut frame = vec![0; length];
        if reader.read_exact(&mut frame).is_err() {
            return;
        }
        all.lock().unwrap().push(String::from_utf8(frame).unwrap());
    }
}

fn syslog() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let all = Arc::<Mutex<Vec<String>>>::default();
    let received = all.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            frames(stream, &received);
        }
    });
    (port, all)
}

impl Place {
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes the file of streams, and a secret of which it may tell.
    fn streams(&self, toml: &str) -> PathBuf {
        let secret = self.file("secret", SECRET);
        let garbled = self.file("garbled", "whsec_this is no base64 at all");
        let toml = toml.replace("SECRET_FILE", secret.to_str().unwrap());
        self.file("streams.toml", &toml.replace("WHSEC_FILE", garbled.to_str().unwrap()))
    }

    fn serve_streams(&self, file: &std::path::Path, name: &str) -> Running {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = self.command(&["serve"]);
        command
            .env("COUNTERSIGN_LISTEN", address.to_string())
            .env("COUNTERSIGN_INSTANCE", name)
            .env("COUNTERSIGN_CHECKPOINT_FILE", self.folder.path().join(name))
            .env("COUNTERSIGN_STREAMS_FILE", file);
        Running::of(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn resources(&self, from: usize, to: usize) {
        for n in from..to {
            let api = format!("https://api.example.com/{n}");
            self.json(&["resource", "create", "--identifier", &api, "--name", &api]);
        }
    }

    fn stream(&self, file: &std::path::Path, name: &str) -> Value {
        let mut command = self.command(&["stream", "list", "--json"]);
        let output = command.env("COUNTERSIGN_STREAMS_FILE", file).output().unwrap();
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        all.as_array().unwrap().iter().find(|row| row["name"] == name).cloned().unwrap_or_default()
    }
}

/// In good order: what was held is given back.
fn end(mut running: Running) {
    running.signal("-TERM");
    running.child.wait().unwrap();
}

/// The APIs whose registration was told, in the order in which it was.
fn told<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let rows = texts.into_iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    rows.filter(|row| row["event"]["code"] == "resource.created")
        .map(|row| row["event"]["target"]["name"].as_str().unwrap().to_owned())
        .collect()
}

fn lines(path: &std::path::Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn told_in(path: &std::path::Path) -> Vec<String> {
    told(lines(path).iter().map(String::as_str))
}

fn names(to: usize) -> Vec<String> {
    (0..to).map(|n| format!("https://api.example.com/{n}")).collect()
}

/// Of a webhook: all records, each signature checked.
fn hooked(requests: &Requests) -> Vec<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let mut all = Vec::new();
    for request in requests.lock().unwrap().iter() {
        let (id, at) = (request.header("webhook-id"), request.header("webhook-timestamp"));
        let signed = format!("{id}.{at}.{}", request.body);
        let signature = request.header("webhook-signature").strip_prefix("v1,").unwrap();
        hmac::verify(&key, signed.as_bytes(), &STANDARD.decode(signature).unwrap()).unwrap();
        let records: Vec<Value> = serde_json::from_str(&request.body).unwrap();
        all.extend(records.iter().map(Value::to_string));
    }
    all
}

#[test]
fn every_event_arrives_in_order_at_a_file_a_webhook_a_syslog_and_otlp() {
    let place = Place::new();
    let path = place.folder.path().join("audit.jsonl");
    let (hook, hooks) = receiver(|_| Some(200));
    let (otlp, logs) = receiver(|_| Some(200));
    let (syslog, messages) = syslog();
    let file = place.streams(&format!(
        "[[stream]]\nname = \"file\"\nurl = \"file://{}\"\nfrom_beginning = true\n\
         [[stream]]\nname = \"hook\"\nurl = \"http://127.0.0.1:{hook}/in\"\nfrom_beginning = true\n\
         secret_file = \"SECRET_FILE\"\nallow_private = true\n\
         [[stream]]\nname = \"otel\"\nurl = \"otlp+http://127.0.0.1:{otlp}/v1/logs\"\n\
         from_beginning = true\nsecret_file = \"SECRET_FILE\"\nallow_private = true\n\
         [[stream]]\nname = \"siem\"\nurl = \"syslog+tcp://127.0.0.1:{syslog}\"\n\
         from_beginning = true\nallow_private = true\n",
        path.display()
    ));
    place.resources(0, 3);
    let running = place.serve_streams(&file, "s0");
    place.resources(3, 6);

    until("the file has them", || (told_in(&path).len() == 6).then_some(()));
    assert_eq!(told_in(&path), names(6));
    let events = lines(&path).len();
    until("the webhook has them", || (hooked(&hooks).len() >= events).then_some(()));
    assert_eq!(told(hooked(&hooks).iter().map(String::as_str)), names(6));
    until("the syslog has them", || (messages.lock().unwrap().len() >= events).then_some(()));
    let messages = messages.lock().unwrap().clone();
    assert!(messages.iter().all(|message| message.starts_with("<110>1 20")), "{messages:?}");
    let texts = messages.iter().map(|message| &message[message.find('{').unwrap()..]);
    assert_eq!(told(texts), names(6));
    let bodies = || {
        let mut all = Vec::new();
        for request in logs.lock().unwrap().iter() {
            assert_eq!(request.header("authorization"), format!("Bearer {SECRET}"));
            let export: Value = serde_json::from_str(&request.body).unwrap();
            let records = export.pointer("/resourceLogs/0/scopeLogs/0/logRecords").unwrap();
            for record in records.as_array().unwrap() {
                assert!(record["timeUnixNano"].as_str().unwrap().len() >= 19);
                all.push(record["body"]["stringValue"].as_str().unwrap().to_owned());
            }
        }
        all
    };
    until("OTLP has them", || (bodies().len() >= events).then_some(()));
    assert_eq!(told(bodies().iter().map(String::as_str)), names(6));
    // Whoever listens learns who holds which secret, and no secret.
    let all = lines(&path).join("\n");
    assert!(!all.contains("salt") && !all.contains(SECRET));
    let state = until("it says so", || {
        let state = place.stream(&file, "hook");
        (state["batches_behind"] == 0).then_some(state)
    });
    assert_eq!(state["failure"], Value::Null);
    drop(running);
}

#[test]
fn what_a_receiver_does_not_take_is_sent_again_and_nothing_overtakes_it() {
    let place = Place::new();
    let (hook, hooks) = receiver(|number| match number {
        1 => Some(500),
        2 => None,
        _ => Some(204),
    });
    let file = place.streams(&format!(
        "[[stream]]\nname = \"hook\"\nurl = \"http://127.0.0.1:{hook}/\"\nfrom_beginning = true\n\
         secret_file = \"SECRET_FILE\"\nallow_private = true\n"
    ));
    place.resources(0, 2);
    let running = place.serve_streams(&file, "s0");
    // It waits a second and then two: there is time to look.
    let failure = |what: &str| {
        until(what, || {
            let failure = place.stream(&file, "hook")["failure"].as_str()?.to_owned();
            failure.contains(what).then_some(failure)
        })
    };
    assert_eq!(failure("500"), "it answered 500");
    let state = place.stream(&file, "hook");
    assert_eq!(state["events"], 0, "{state}");
    assert!(state["batches_behind"].as_i64().unwrap() >= 2, "{state}");
    place.resources(2, 4);
    until("it took them", || {
        let taken: Vec<String> = hooked(&hooks);
        told(taken.iter().map(String::as_str)).contains(&names(4)[3]).then_some(())
    });
    let requests = hooks.lock().unwrap().clone();
    let ids: Vec<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert_eq!(ids[0], ids[1], "the same records have the same id");
    assert_eq!(requests[0].body, requests[2].body, "{ids:?}");
    // Without those that were refused: each once, in order.
    let taken: Requests = Arc::new(Mutex::new(requests[2..].to_vec()));
    assert_eq!(told(hooked(&taken).iter().map(String::as_str)), names(4));
    until("it is well", || {
        let state = place.stream(&file, "hook");
        (state["failure"].is_null() && state["batches_behind"] == 0).then_some(())
    });
    drop(running);
}

#[test]
fn after_an_orderly_end_a_stream_goes_on_where_it_was_and_can_be_set_back() {
    let place = Place::new();
    let path = place.folder.path().join("audit.jsonl");
    let file = place.streams(&format!(
        "[[stream]]\nname = \"file\"\nurl = \"file://{}\"\nfrom_beginning = true\n",
        path.display()
    ));
    let running = place.serve_streams(&file, "s0");
    place.resources(0, 2);
    until("the file has them", || (told_in(&path).len() == 2).then_some(()));
    end(running);
    place.resources(2, 4);
    let running = place.serve_streams(&file, "s1");
    until("the file has all", || (told_in(&path).len() >= 4).then_some(()));
    assert_eq!(told_in(&path), names(4), "none twice after an orderly end");
    // A file that was moved away is begun anew, without a signal.
    std::fs::rename(&path, place.folder.path().join("audit.1")).unwrap();
    place.resources(4, 5);
    until("a new file", || (told_in(&path) == names(5)[4..]).then_some(()));
    let rewound = place.json(&["stream", "rewind", "file", "--beginning"]);
    assert_eq!(rewound["entry"], -1);
    until("everything again", || (told_in(&path).len() == 6).then_some(()));
    assert_eq!(told_in(&path)[1..], names(5));
    assert_eq!(place.run(&["stream", "rewind", "nobody", "--end"]).status.code(), Some(1));
    assert_eq!(place.run(&["stream", "rewind", "file", "--after", "99999"]).status.code(), Some(1));
    drop(running);
}

/// What was being sent when the process died is sent again, once the lease of the
/// dead has run out.
#[test]
fn after_a_kill_another_goes_on_and_nothing_is_missing() {
    let place = Place::new();
    // Takes the first delivery and never says so.
    let (hook, hooks) = receiver(|number| (number > 1).then_some(200));
    let file = place.streams(&format!(
        "[[stream]]\nname = \"hook\"\nurl = \"http://127.0.0.1:{hook}/\"\nfrom_beginning = true\n\
         secret_file = \"SECRET_FILE\"\nallow_private = true\n"
    ));
    place.resources(0, 3);
    let mut running = place.serve_streams(&file, "s0");
    until("it is being sent", || (!hooks.lock().unwrap().is_empty()).then_some(()));
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    place.resources(3, 4);
    let running = place.serve_streams(&file, "s1");
    let state = || place.stream(&file, "hook");
    assert_eq!(state()["events"], 0, "the lease of the dead still holds");
    place.database.execute("UPDATE streams SET leased_until = 0").unwrap();
    let all = || {
        let requests = hooks.lock().unwrap().clone();
        let taken: Requests = Arc::new(Mutex::new(requests[1..].to_vec()));
        told(hooked(&taken).iter().map(String::as_str))
    };
    until("the rest came", || (all().len() >= 4).then_some(()));
    assert_eq!(all(), names(4), "each once, in order, by who went on");
    drop(running);
}

/// OTLP: what is rejected for good must not be sent again; it is told, and not
/// for ever about itself.
#[test]
fn what_a_receiver_rejects_for_good_is_in_the_log_once() {
    let place = Place::new();
    let (otlp, logs) = receiver_saying(|_| {
        Some((200, r#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}"#))
    });
    let file = place.streams(&format!(
        "[[stream]]\nname = \"otel\"\nurl = \"otlp+http://127.0.0.1:{otlp}/v1/logs\"\n\
         from_beginning = true\nallow_private = true\n"
    ));
    place.resources(0, 1);
    let running = place.serve_streams(&file, "s0");
    let rejections = || {
        let rows = place.json(&["audit", "list", "--outcome", "refused"]);
        let rows = rows["rows"].as_array().or(rows.as_array()).unwrap();
        rows.iter().filter(|row| row["code"] == "stream.rejected").cloned().collect::<Vec<_>>()
    };
    let told = until("it is in the log", || rejections().first().cloned());
    assert!(told.to_string().contains("1 events were refused for good: too old"), "{told}");
    // The row about it is sent, and rejected, too.
    until("all is delivered", || {
        let state = place.stream(&file, "otel");
        (state["batches_behind"] == 0 && logs.lock().unwrap().len() >= 2).then_some(())
    });
    assert_eq!(rejections().len(), 1);
    assert_eq!(place.stream(&file, "otel")["failure"], Value::Null);
    end(running);
    assert_eq!(rejections().len(), 2, "what came after the first is told at the end");
}

#[test]
fn a_stream_that_is_configured_no_more_can_be_forgotten() {
    let place = Place::new();
    let path = place.folder.path().join("audit.jsonl");
    let toml = format!("[[stream]]\nname = \"file\"\nurl = \"file://{}\"\n", path.display());
    let file = place.streams(&toml);
    let running = place.serve_streams(&file, "s0");
    until("it is known", || (place.stream(&file, "file")["batches_behind"] == 0).then_some(()));
    let forget = |configured: bool| {
        let mut command = place.command(&["stream", "forget", "file"]);
        if configured {
            command.env("COUNTERSIGN_STREAMS_FILE", &file);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = forget(false);
    assert!(code == Some(1) && said.contains("a server delivers"), "{said}");
    let (code, said) = forget(true);
    assert!(code == Some(1) && said.contains("is configured here"), "{said}");
    end(running);
    assert_eq!(forget(false), (Some(0), String::new()));
    assert_eq!(place.stream(&file, "file")["delivered_at"], Value::Null);
    let (code, said) = forget(false);
    assert!(code == Some(1) && said.contains("there is no stream file"), "{said}");
}

#[test]
fn of_two_servers_one_delivers_and_the_other_goes_on_when_it_ends() {
    let place = Place::new();
    let path = place.folder.path().join("audit.jsonl");
    let file = place.streams(&format!(
        "[[stream]]\nname = \"file\"\nurl = \"file://{}\"\nfrom_beginning = true\n",
        path.display()
    ));
    let first = place.serve_streams(&file, "s0");
    let second = place.serve_streams(&file, "s1");
    place.resources(0, 3);
    until("the file has them", || (told_in(&path).len() >= 3).then_some(()));
    end(first);
    place.resources(3, 5);
    until("the other goes on", || (told_in(&path).len() >= 5).then_some(()));
    assert_eq!(told_in(&path), names(5), "each once");
    drop(second);
}

/// Logto CVE-2026-56739: a webhook is no way into the network of the server.
#[test]
fn an_address_that_is_not_public_is_called_only_when_that_is_allowed() {
    let place = Place::new();
    let (hook, hooks) = receiver(|_| Some(200));
    let file = place.streams(&format!(
        "[[stream]]\nname = \"hook\"\nurl = \"https://localhost:{hook}/\"\n\
         secret_file = \"SECRET_FILE\"\nfrom_beginning = true\n"
    ));
    let output = place
        .command(&["stream", "test", "hook"])
        .env("COUNTERSIGN_STREAMS_FILE", &file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("not public"), "{said}");
    assert!(hooks.lock().unwrap().is_empty());
    for (toml, why) in [
        ("[[stream]]\nname = \"a\"\nurl = \"https://x.example/\"\n", "secret_file"),
        ("[[stream]]\nname = \"a b\"\nurl = \"stdout:\"\n", "a name has"),
        ("[[stream]]\nname = \"a\"\nurl = \"stdout:\"\ncolour = 1\n", "unknown field"),
        ("[[stream]]\nname = \"a\"\nurl = \"http://x.example/\"\n", "allow_private"),
        (
            "[[stream]]\nname = \"a\"\nurl = \"https://x.example/\"\nsecret_file = \"WHSEC_FILE\"\n",
            "whsec_",
        ),
    ] {
        let file = place.streams(toml);
        let mut command = place.command(&["serve"]);
        let output = command.env("COUNTERSIGN_STREAMS_FILE", &file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
}

#[test]
fn a_test_record_arrives_and_says_so() {
    let place = Place::new();
    let (syslog, messages) = syslog();
    let test = |format: &str| {
        let file = place.streams(&format!(
            "[[stream]]\nname = \"siem\"\nurl = \"syslog+tcp://127.0.0.1:{syslog}\"\n\
             allow_private = true\nformat = \"{format}\"\n"
        ));
        let mut command = place.command(&["stream", "test", "siem"]);
        let output = command.env("COUNTERSIGN_STREAMS_FILE", &file).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(test("json"), (true, String::new()));
    let message = until("it came", || messages.lock().unwrap().first().cloned());
    assert!(message.contains(" stream.tested ") && message.contains("\"entry\":-1"), "{message}");
    assert!(message.contains("\"event\":{\"v\":1"), "{message}");
    assert_eq!(test("ocsf"), (true, String::new()));
    let message = until("the other came", || messages.lock().unwrap().get(1).cloned());
    let object: Value = serde_json::from_str(&message[message.find('{').unwrap()..]).unwrap();
    assert_eq!((&object["class_uid"], &object["unmapped"]["entry"]), (&3_004.into(), &(-1).into()));
    let (went, said) = test("xml");
    assert!(!went && said.contains("unknown variant"), "{said}");
}

#[test]
fn syslog_over_tls_trusts_the_roots_that_are_named_and_no_other() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let all = Arc::<Mutex<Vec<String>>>::default();
    let received = all.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            frames(rustls::StreamOwned::new(connection, stream), &received);
        }
    });
    let test = |ca: &str, private: &str| {
        let file = place.streams(&format!(
            "[[stream]]\nname = \"siem\"\nurl = \"syslog+tls://localhost:{port}\"\n{ca}{private}"
        ));
        let mut command = place.command(&["stream", "test", "siem"]);
        command.env("COUNTERSIGN_STREAMS_FILE", &file).output().unwrap()
    };
    let private = "allow_private = true\n";
    let stranger = test("", private);
    assert!(!stranger.status.success(), "nobody vouches for it");
    let ca = place.file("ca.pem", &made.cert.pem());
    let ca = format!("ca_file = \"{}\"\n", ca.display());
    let near = test(&ca, "");
    let said = String::from_utf8_lossy(&near.stderr).into_owned();
    assert!(!near.status.success() && said.contains("not public"), "{said}");
    let known = test(&ca, private);
    assert!(known.status.success(), "{}", String::from_utf8_lossy(&known.stderr));
    until("it came", || (all.lock().unwrap().len() == 1).then_some(()));
}
