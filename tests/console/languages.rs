//! The console in another language than English: a made-up one, in which every
//! message stands between ⟦ and ⟧. What is outside of them on a page is told in
//! no catalogue.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use countersign::console::log::called::ACTS;
use countersign::console::pages::PAGES;
use countersign::model::audit_event::Change;
use countersign::reports::report;
use scraper::{Html, Node};

use crate::support::Server;
use crate::support::browser::Browser;
use crate::support::catalogue::{Message, messages, quoted, template};
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, World};

/// To write it anew: `UPDATE=1 cargo test --test suite the_catalogue`.
#[test]
fn the_catalogue_to_be_translated_has_every_message() {
    let messages = messages();
    // What is counted and what is not would be one entry of a `.po` file.
    let mut ids = BTreeSet::new();
    for Message { context, id, plural } in messages.keys() {
        assert!(ids.insert((context, id)), "{id:?} is said with and without a plural: {plural:?}");
    }
    let made = template(&messages);
    if std::env::var("UPDATE").is_ok() {
        fs::write("templates/texts.pot", &made).unwrap();
    }
    let kept = fs::read_to_string("templates/texts.pot").unwrap_or_default();
    assert!(kept == made, "templates/texts.pot is of other templates and code");
}

/// ⟦ and ⟧ around all text of a message; its tags and holes stay.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = if rest.starts_with('<') {
            rest.find('>').map_or(rest.len(), |end| end + 1)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (piece, after) = rest.split_at(end);
        if piece.starts_with('<') || piece.trim().is_empty() {
            marked.push_str(piece);
        } else {
            write!(marked, "⟦{piece}⟧").unwrap();
        }
        rest = after;
    }
    marked
}

fn catalogue() -> String {
    let mut po = String::from(
        "msgid \"\"\nmsgstr \"Language: xx\\nX-Language-Name: Marked\\n\
         Plural-Forms: nplurals=2; plural=n != 1;\\n\"\n",
    );
    for Message { context, id, plural } in messages().keys() {
        if !context.is_empty() {
            writeln!(po, "msgctxt {}", quoted(context)).unwrap();
        }
        writeln!(po, "msgid {}", quoted(id)).unwrap();
        match plural {
            None => writeln!(po, "msgstr {}\n", quoted(&marked(id))).unwrap(),
            Some(many) => {
                let (one, two) = (quoted(&marked(id)), quoted(&marked(many)));
                writeln!(po, "msgid_plural {}", quoted(many)).unwrap();
                writeln!(po, "msgstr[0] {one}\nmsgstr[1] {two}\n").unwrap();
            }
        }
    }
    po
}

/// A server with the catalogues given, by their names.
fn speaking(catalogues: &[(&str, &str)]) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in catalogues {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().display().to_string();
    (Server::start_with(&[("COUNTERSIGN_LANGUAGES", &path)]), folder)
}

/// Elements whose text is no language's.
const NOT_TEXT: [&str; 7] = ["code", "kbd", "noscript", "pre", "samp", "script", "style"];

/// Attributes that people read or hear; `data-say-…` besides, for scripts.
const ATTRIBUTES: [&str; 8] = [
    "alt",
    "aria-label",
    "content",
    "data-after",
    "data-name",
    "data-waiting",
    "placeholder",
    "title",
];

/// How attributes begin that have what a script says.
const SAY: &str = "data-say-";

/// Names, of the product, of formats and of languages, and what the world of the
/// test calls things. What has a figure or a sign in it is an id or an address.
const NAMES: [&str; 31] = [
    "API",
    "CEF",
    "CSV",
    "Countersign",
    "EdDSA",
    "English",
    "Go",
    "JSON",
    "Java",
    "Lines",
    "Marked",
    "NET",
    "OCSF",
    "PostgreSQL",
    "Python",
    "Rust",
    "SQLite",
    "Spare",
    "auditor",
    "billing",
    "curl",
    "initial",
    "kid",
    "leak",
    "main",
    "mallory",
    "ms",
    "owner",
    "reporting",
    "root",
    "spare",
];

/// What events say of themselves: what it was done to, and values of fields.
fn recorded(server: &Server) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for event in ACTS.iter().flat_map(|(code, _)| server.events(code)) {
        let told =
            |change: &Change| format!("{}: {:?} → {:?}", change.field, change.before, change.after);
        // As a report has it.
        said.insert(event.changes.iter().map(told).collect::<Vec<_>>().join("; "));
        said.extend(event.target.map(|target| target.name));
        said.extend(event.changes.into_iter().flat_map(|change| [change.before, change.after]));
    }
    said.extend(server.events("audit.read").into_iter().filter_map(|event| event.detail));
    said
}

struct Found {
    recorded: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Found {
    /// Every text of the page that has letters outside of ⟦ and ⟧. A message
    /// with markup in it goes on behind it.
    fn look(&mut self, path: &str, page: &str) {
        let html = Html::parse_document(page);
        let mut depth = 0;
        for node in html.tree.nodes() {
            match node.value() {
                Node::Text(text) => {
                    let mut above = node.ancestors().filter_map(|n| n.value().as_element());
                    let is_text = !above.any(|element| NOT_TEXT.contains(&element.name()));
                    self.check(path, text, &mut depth, is_text);
                }
                Node::Element(element) => {
                    let for_scripts = element.attrs().filter(|(name, _)| name.starts_with(SAY));
                    for (_, text) in for_scripts {
                        self.check(path, text, &mut 0, true);
                    }
                    for name in ATTRIBUTES {
                        let shown =
                            name != "content" || element.attr("name") == Some("description");
                        if let Some(text) = element.attr(name).filter(|_| shown) {
                            self.check(path, text, &mut 0, true);
                        }
                    }
                }
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{path}: a message without its end");
    }

    fn check(&mut self, path: &str, text: &str, depth: &mut i32, is_text: bool) {
        let mut outside = String::new();
        for c in text.chars() {
            match c {
                '⟦' => *depth += 1,
                '⟧' => *depth -= 1,
                c if *depth == 0 => outside.push(c),
                _ => {}
            }
        }
        let is_word = |word: &str| {
            let is_sign = |c: char| c.is_ascii_digit() || "_/@:.-".contains(c);
            let named = word.trim_matches(|c: char| !c.is_alphanumeric());
            let is_coded = word.trim_end_matches(['.', ':']).contains(is_sign);
            named.contains(char::is_alphabetic) && !is_coded && !NAMES.contains(&named)
        };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let known = self.recorded.contains(&text);
        if is_text && !known && outside.split_whitespace().any(is_word) {
            self.texts.insert(format!("{path}: {text}"));
        }
    }
}

impl Browser<'_> {
    /// The page at `path` in the made-up language, wherever that leads.
    fn read(&self, path: &str) -> Answer {
        let mut answer = self.send("GET", path, &[("accept-language", "xx")], Vec::new());
        for _ in 0..3 {
            let Some(to) = answer.header("location").filter(|to| to.starts_with('/')) else {
                break;
            };
            let to = to.to_owned();
            answer = self.send("GET", &to, &[("accept-language", "xx")], Vec::new());
        }
        answer
    }
}

/// A path with real ids in it.
fn real(server: &Server, world: &World, pattern: &str) -> String {
    let event = server.events("token.denied").last().unwrap().id.clone();
    let id = match pattern {
        path if path.starts_with("/log") => event,
        path if path.starts_with("/changes") => {
            server.events("application.created").last().unwrap().id.clone()
        }
        path if path.starts_with("/reports") => "access".to_owned(),
        path if path.starts_with("/approvals") => "none".to_owned(),
        path if path.starts_with("/revocations") => {
            let rows = server.events("tokens.revoked");
            let made = rows.last().unwrap().changes.iter().find(|c| c.field == "revocation");
            made.map(|change| change.after.clone()).unwrap_or_default()
        }
        _ => super::pages::real(server, world, "{id}"),
    };
    super::pages::real(server, world, &pattern.replace("{id}", &id))
}

/// Tokens, refusals, changes and a revocation.
fn lived_in(server: &Server) -> World {
    let world = server.world();
    server.issue(&world.billing);
    server.token(&world.billing, &[("resource", BILLING_API), ("scope", "ledger:export")]);
    server.token(&world.mallory, &[]);
    world
}

#[test]
fn every_page_says_everything_in_the_language_of_who_asks() {
    let (server, _folder) = speaking(&[("xx.po", &catalogue())]);
    let world = lived_in(&server);
    super::pages::spare(&server);
    let owner = server.signed_in("owner");
    let client_id = &world.billing.client_id;
    let revoke = [("kind", "application"), ("subject", client_id), ("reason", "leak")];
    owner.post("/revocations/new", &revoke);
    server.settle();
    let stranger = server.browser();
    let mut found = Found { recorded: recorded(&server), texts: BTreeSet::new() };
    for (pattern, get, _) in PAGES.iter().filter(|(_, get, _)| get.is_some()) {
        let is_file = pattern.contains('.') || pattern.contains("/tlog/");
        if is_file || pattern.ends_with("/stream") || pattern.ends_with("/first-use") {
            continue;
        }
        assert!(get.is_some());
        let path = real(&server, &world, pattern);
        let page = owner.read(&path);
        if page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            assert!(page.text.contains("<html lang=\"xx\""), "{path}: {}", page.status);
            found.look(pattern, &page.text);
        }
        let outside = stranger.read(&path);
        if outside.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            found.look(&format!("{pattern}, signed out"), &outside.text);
        }
    }
    found.recorded = recorded(&server);
    for report in report::all() {
        let path = format!("/reports/{}?{}", report.id, told_all(&server, &world));
        let page = owner.read(&path);
        assert_eq!(page.status, 200, "{path}");
        found.look(report.id, &page.text);
    }
    let said: Vec<_> = found.texts.iter().map(String::as_str).collect();
    assert!(said.is_empty(), "in no catalogue:\n{}", said.join("\n"));
}

/// All that a report needs to be told.
fn told_all(server: &Server, world: &World) -> String {
    let issued = server.events("token.issued").remove(0);
    let kid = issued.token.and_then(|token| token.kid).unwrap();
    format!("secret={}&token={}&key={kid}&api={BILLING_API}", world.billing.secret_id, issued.id)
}

/// What `data-say-copied` is for a script.
fn camel(attribute: &str) -> String {
    let mut parts = attribute.trim_start_matches("data-").split('-');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
}

/// Scripts say nothing of their own: what they say stands in the page.
#[test]
fn what_scripts_say_comes_with_the_page() {
    let scripts = ["static/console.js", "static/passkeys.js"].map(fs::read_to_string);
    let scripts: String = scripts.into_iter().map(Result::unwrap).collect();
    let code: String =
        scripts.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for quote in ['\'', '"', '`'] {
        for text in code.split(quote).skip(1).step_by(2) {
            let is_sentence = text.starts_with(char::is_uppercase) && text.contains(' ');
            assert!(!is_sentence || text.len() > 200, "said by a script: {text}");
        }
    }
    let mut offered = BTreeSet::new();
    for file in ["parts/macros", "console/log/live", "console/applications/secrets/reveal"] {
        let template = fs::read_to_string(format!("templates/{file}.html")).unwrap();
        for (at, _) in template.match_indices(SAY) {
            let (name, value) = template[at..].split_once('=').unwrap();
            assert!(value.starts_with("\"{{ \"") && value.contains("\"|t }}\""), "{name}");
            offered.insert(camel(name));
        }
    }
    let is_word = |c: char| c.is_alphanumeric();
    let wanted: BTreeSet<String> = code
        .split(|c: char| !is_word(c))
        .filter(|word| word.starts_with("say") && *word != "say")
        .map(str::to_owned)
        .collect();
    assert!(offered.len() > 15, "{offered:?}");
    assert_eq!(offered, wanted);
}

#[test]
fn a_language_is_chosen_in_the_profile_and_goes_before_the_browsers() {
    let one = "msgid \"\"\nmsgstr \"Language: de\\nX-Language-Name: Deutsch\\n\"\n\n\
               msgid \"Overview\"\nmsgstr \"Überblick\"\n";
    let (server, _folder) = speaking(&[("de.po", one)]);
    let owner = server.signed_in("owner");
    assert!(owner.get("/").text.contains("<html lang=\"en\""));
    let accepted = [("accept-language", "de-CH,de;q=0.9,en;q=0.8")];
    let page = owner.send("GET", "/", &accepted, Vec::new()).text;
    assert!(page.contains("<html lang=\"de\"") && page.contains("<h1>Überblick</h1>"), "{page}");
    assert!(owner.get("/profile").text.contains("Deutsch"));
    for (language, kept) in [("de", "language=de;"), ("none", "language=en;")] {
        let answer = owner.post("/preferences/language", &[("language", language)]);
        assert!(answer.header("set-cookie").unwrap().starts_with(kept), "{language}");
    }
    let cookie = format!("{}; language=de", owner.cookie());
    assert!(owner.with_cookie(&cookie).get("/").text.contains("<html lang=\"de\""));
    let cookie = format!("{}; language=en", owner.cookie());
    let page = owner.with_cookie(&cookie).send("GET", "/", &accepted, Vec::new());
    assert!(page.text.contains("<html lang=\"en\""));
}

#[test]
fn without_a_catalogue_nothing_is_to_be_chosen() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    assert!(!owner.get("/profile").text.contains("/preferences/language"));
}

#[test]
fn a_catalogue_that_is_broken_keeps_the_server_from_starting() {
    let head = "msgid \"\"\nmsgstr \"Language: de\\n\"\n\n";
    for (name, text, why) in [
        ("de.po", "nonsense", "de.po: line 1:"),
        ("de.po", &format!("{head}msgid \"Of {{name}}\"\nmsgstr \"Von\"\n"), "{name} is missing"),
        ("de.po", &format!("{head}msgid \"a\"\nmsgstr \"<script>\"\n"), "the tags"),
        ("de.txt", head, "there is no .po file"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), text).unwrap();
        let path = folder.path().display().to_string();
        let opened = Server::open(&[("COUNTERSIGN_LANGUAGES", &path)]);
        let error = opened.err().unwrap().to_string();
        assert!(error.starts_with("COUNTERSIGN_LANGUAGES ") && error.contains(why), "{error}");
    }
}
