//! Finds everything that the console says, in templates and in code.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What tells messages apart: context, English, and the form for many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    pub context: String,
    pub id: String,
    pub plural: Option<String>,
}

/// Macros of `parts/macros.html` that translate their arguments, and which.
const MACROS: [(&str, &[usize]); 5] = [
    ("field", &[2, 4]),
    ("password", &[2, 4]),
    ("code", &[2, 3]),
    ("copy", &[1]),
    ("no_passkeys", &[0]),
];

/// Folders below the console whose sentences it shows: what begins like a
/// sentence and ends with a full stop there is one.
const BELOW: [&str; 5] = ["src/admin", "src/exam", "src/model", "src/reports", "src/web"];

/// Tables below the console, where every text is shown.
const TABLES: [&str; 4] =
    ["src/config/setting.rs", "src/config/setting", "src/reports", "src/samples/mod.rs"];

/// Every message with the files that say it.
pub fn messages() -> BTreeMap<Message, Vec<String>> {
    let mut found = BTreeMap::new();
    for file in files(Path::new("templates"), "html") {
        let text = fs::read_to_string(&file).unwrap();
        add(&mut found, &file, in_template(&text));
    }
    for file in files(Path::new("src"), "rs") {
        if file.starts_with("src/texts") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let mut said = in_code(code);
        if BELOW.iter().any(|folder| file.starts_with(folder)) {
            said.extend(literals(code).filter(|text| is_sentence(text)).map(plain));
        }
        if TABLES.iter().any(|table| file.starts_with(table)) {
            said.extend(literals(code).filter(|text| is_title(text)).map(plain));
        }
        add(&mut found, &file, said);
    }
    found
}

/// `templates/texts.pot`.
pub fn template(messages: &BTreeMap<Message, Vec<String>>) -> String {
    let mut pot = String::from(
        "# What the console says. Made from templates and code; a test holds it to them.\n\
         msgid \"\"\nmsgstr \"\"\n\"Language: \\n\"\n\"X-Language-Name: \\n\"\n\
         \"Content-Type: text/plain; charset=UTF-8\\n\"\n\
         \"Plural-Forms: nplurals=2; plural=n != 1;\\n\"\n",
    );
    for (message, files) in messages {
        let _ = writeln!(pot, "\n#: {}", files.join(" "));
        if !message.context.is_empty() {
            let _ = writeln!(pot, "msgctxt {}", quoted(&message.context));
        }
        let _ = writeln!(pot, "msgid {}", quoted(&message.id));
        match &message.plural {
            None => pot.push_str("msgstr \"\"\n"),
            Some(plural) => {
                let _ = writeln!(pot, "msgid_plural {}", quoted(plural));
                pot.push_str("msgstr[0] \"\"\nmsgstr[1] \"\"\n");
            }
        }
    }
    pot
}

/// As a `.po` file has it.
pub fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

fn add(found: &mut BTreeMap<Message, Vec<String>>, file: &Path, said: Vec<Message>) {
    let name = file.display().to_string();
    for message in said {
        // English alone tells what a catalogue has, whatever it is counted by.
        let files: &mut Vec<String> = found.entry(message).or_default();
        if !files.contains(&name) {
            files.push(name.clone());
        }
    }
}

fn plain(id: String) -> Message {
    Message { context: String::new(), id, plural: None }
}

/// In `{{ … }}` and `{% … %}`: literals before `|t`, `|h`, `|tc(…)`, literals in
/// `|tn(…)` and `|hn(…)`, and what macros translate.
fn in_template(text: &str) -> Vec<Message> {
    let mut said = Vec::new();
    for code in expressions(text) {
        let literals = spans(&code);
        for (place, (start, end, text)) in literals.iter().enumerate() {
            let before = code[..*start].trim_end();
            let after = code[*end..].trim_start();
            let next = literals.get(place + 1).map(|(_, _, text)| text.clone());
            if before.ends_with("|tn(") || before.ends_with("|hn(") {
                said.push(Message { plural: next, ..plain(text.clone()) });
            } else if after.starts_with("|tc(") {
                said.push(Message { context: next.unwrap(), ..plain(text.clone()) });
            } else if is_filter(after, "t") || is_filter(after, "h") {
                said.push(plain(text.clone()));
            }
        }
        for (name, places) in MACROS {
            let Some(arguments) = code.trim().strip_prefix(&format!("p::{name}(")) else {
                continue;
            };
            let arguments = arguments_of(arguments);
            for place in places {
                let argument = arguments.get(*place).map_or("", |text| text.trim());
                let whole = spans(argument).into_iter().next();
                said.extend(
                    whole
                        .filter(|(start, end, text)| {
                            *start == 0 && *end == argument.len() && !text.is_empty()
                        })
                        .map(|(_, _, text)| plain(text)),
                );
            }
        }
    }
    said
}

fn is_filter(after: &str, name: &str) -> bool {
    let rest = after.strip_prefix('|').and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The code of a template.
fn expressions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        let (close, note) = match &rest[at..at + 2] {
            "{{" => ("}}", false),
            "{%" => ("%}", false),
            _ => ("#}", true),
        };
        rest = &rest[at + 2..];
        let (mut end, mut quoted, mut escaped) = (rest.len(), false, false);
        for (place, c) in rest.char_indices() {
            if !quoted && rest[place..].starts_with(close) {
                end = place;
                break;
            }
            match c {
                '"' if !escaped && !note => quoted = !quoted,
                _ => {}
            }
            escaped = c == '\\' && !escaped;
        }
        if !note {
            found.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
    }
    found
}

/// `en("…")`, `text!("…")` and `text!(count => "…", "…")`.
fn in_code(code: &str) -> Vec<Message> {
    let mut said = Vec::new();
    for (name, opened) in [("en", "en("), ("text", "text!(")] {
        for (at, _) in code.match_indices(opened) {
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            if code[..at].ends_with(is_name) && !code[..at].ends_with("texts::") {
                continue;
            }
            let inner = &code[at + opened.len()..];
            let end = closing(inner);
            let arguments = arguments_of(&inner[..end]);
            let first = arguments.first().map_or("", |text| text.trim());
            if let Some((0, end, text)) = spans(first).into_iter().next()
                && end == first.len()
            {
                said.push(plain(text));
            } else if name == "text" {
                let (_, one) = first.rsplit_once("=>").unwrap_or(("", ""));
                let one = spans(one).into_iter().next();
                let many = arguments.get(1).and_then(|text| spans(text).into_iter().next());
                let (Some(one), Some(many)) = (one, many) else { continue };
                said.push(Message { plural: Some(many.2), ..plain(one.2) });
            }
        }
    }
    said
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(|c: char| c.is_uppercase())
        && text.ends_with('.')
        && text.contains(' ')
        && !text.contains(['{', '\n'])
}

fn is_title(text: &str) -> bool {
    text.starts_with(|c: char| c.is_uppercase())
        && text.contains(|c: char| c.is_lowercase())
        && !text.contains(['{', '\n', '='])
        && !text.starts_with("COUNTERSIGN_")
}

fn literals(code: &str) -> impl Iterator<Item = String> {
    let without_notes: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("#["))
        .fold(String::new(), |all, line| all + line + "\n");
    spans(&without_notes).into_iter().map(|(_, _, text)| text)
}

/// Literals with where they begin and end, quotes included.
fn spans(code: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    let mut chars = code.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c == '\'' && code[start..].starts_with("'\"'") {
            chars.next();
            chars.next();
        }
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    found.push((start, at + 1, text));
                    break;
                }
                '\\' => match chars.next().map_or(' ', |(_, c)| c) {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    '\n' => {
                        while chars.peek().is_some_and(|(_, c)| c.is_whitespace()) {
                            chars.next();
                        }
                    }
                    c => text.push(c),
                },
                c => text.push(c),
            }
        }
    }
    found
}

/// Where the bracket that is open closes.
fn closing(code: &str) -> usize {
    let quoted = spans(code);
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        if quoted.iter().any(|(start, end, _)| (*start..*end).contains(&at)) {
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// What stands between commas, up to the bracket that closes.
fn arguments_of(code: &str) -> Vec<&str> {
    let code = &code[..closing(code)];
    let quoted = spans(code);
    let (mut depth, mut from, mut found) = (0_i32, 0, Vec::new());
    for (at, c) in code.char_indices() {
        if quoted.iter().any(|(start, end, _)| (*start..*end).contains(&at)) {
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&code[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&code[from..]);
    found
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
