//! The rules of the house that a compiler does not check. They are read off
//! the source text: this catches who forgets, not who wants to cheat.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
use std::fs;
use std::path::{Path, PathBuf};

/// Each folder of `src/`, and the folders it may use; `config` and `telemetry`
/// besides, from `store` up.
const MAY_USE: &[(&str, &[&str])] = &[
    ("oauth", &[]),
    ("model", &["oauth"]),
    ("verify", &["oauth"]),
    ("samples", &[]),
    ("texts", &[]),
    ("config", &["texts", "model", "oauth"]),
    ("telemetry", &["config"]),
    ("host", &["oauth", "model"]),
    ("store", &["model", "oauth"]),
    ("audit", &["store", "host", "model", "oauth"]),
    ("directory", &["store", "host", "model", "oauth"]),
    ("keys", &["store", "host", "model", "oauth"]),
    ("limits", &["host", "model", "oauth"]),
    ("revocations", &["store", "host", "model", "oauth"]),
    ("status_lists", &["revocations", "keys", "store", "host", "model", "oauth"]),
    ("sealing", &["keys", "store", "verify", "host", "model", "oauth"]),
    ("streams", &["store", "verify", "host", "model", "oauth"]),
    ("openid", &["streams", "model", "oauth"]),
    ("admin", &["store", "host", "model", "oauth"]),
    ("witness", &["sealing", "keys", "host", "model", "oauth"]),
    ("reports", &["store", "texts", "model", "oauth"]),
    ("exam", &["admin", "keys", "verify", "store", "host", "model", "oauth"]),
    (
        "web",
        &[
            "admin",
            "audit",
            "directory",
            "keys",
            "limits",
            "openid",
            "revocations",
            "sealing",
            "status_lists",
            "streams",
            "store",
            "host",
            "texts",
            "model",
            "oauth",
        ],
    ),
    (
        "protocol",
        &[
            "web",
            "audit",
            "directory",
            "keys",
            "limits",
            "revocations",
            "status_lists",
            "store",
            "model",
            "oauth",
        ],
    ),
    (
        "console",
        &[
            "web",
            "exam",
            "reports",
            "admin",
            "audit",
            "openid",
            "revocations",
            "store",
            "samples",
            "keys",
            "sealing",
            "texts",
            "model",
            "oauth",
        ],
    ),
    (
        "server",
        &[
            "protocol",
            "console",
            "web",
            "admin",
            "audit",
            "keys",
            "revocations",
            "sealing",
            "streams",
            "store",
            "host",
            "model",
            "oauth",
        ],
    ),
    (
        "cli",
        &[
            "server",
            "exam",
            "reports",
            "revocations",
            "sealing",
            "streams",
            "openid",
            "witness",
            "web",
            "admin",
            "keys",
            "store",
            "host",
            "samples",
            "texts",
            "model",
            "oauth",
        ],
    ),
];

const ANYWHERE_FROM_STORE_UP: [&str; 2] = ["config", "telemetry"];

#[test]
fn every_folder_has_its_rule() {
    let mut folders: Vec<String> = fs::read_dir("src")
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let mut known: Vec<&str> = MAY_USE.iter().map(|(folder, _)| *folder).collect();
    folders.sort();
    known.sort_unstable();
    assert_eq!(folders, known);
}

#[test]
fn nothing_imports_upward() {
    let store = MAY_USE.iter().position(|(folder, _)| *folder == "store").unwrap();
    for (place, (folder, allowed)) in MAY_USE.iter().enumerate() {
        for file in files(&Path::new("src").join(folder), "rs") {
            for used in uses(&product_code(&file)) {
                let known = MAY_USE.iter().any(|(known, _)| *known == used);
                let everywhere = place >= store && ANYWHERE_FROM_STORE_UP.contains(&used.as_str());
                let may = used == *folder || allowed.contains(&used.as_str()) || everywhere;
                assert!(!known || may, "{}: {folder} may not use {used}", file.display());
            }
        }
    }
}

#[test]
fn the_pure_folders_do_no_io() {
    const WORDS: [&str; 11] = [
        "actix_web",
        "diesel",
        "tokio",
        "async fn",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net::Tcp",
        "rand::",
        "Mutex",
        "Arc<",
    ];
    for folder in ["src/oauth", "src/model", "src/texts"] {
        for file in files(Path::new(folder), "rs") {
            // A list that nobody can change is a value, also when many hold it.
            let code = product_code(&file).replace("Arc<[", "[");
            for word in WORDS {
                assert!(!code.contains(word), "{}: {word}", file.display());
            }
        }
    }
}

#[test]
fn only_the_store_names_diesel() {
    for file in files(Path::new("src"), "rs").into_iter().filter(|f| !f.starts_with("src/store")) {
        assert!(!product_code(&file).contains("diesel"), "{}", file.display());
    }
}

/// A face reads with the store's functions and changes through `admin` alone.
#[test]
fn the_console_changes_nothing_past_the_acts() {
    const VERBS: [&str; 9] = [
        "append",
        "delete",
        "insert",
        "note",
        "revoke",
        "set",
        "set_active",
        "set_password",
        "update",
    ];
    for file in files(Path::new("src/console"), "rs") {
        let code = product_code(&file);
        for (at, import) in code.match_indices("use crate::store::") {
            for table in names(&code[at + import.len()..]) {
                for verb in VERBS {
                    let call = format!(" {table}::{verb}(");
                    assert!(!code.contains(&call), "{}:{call}", file.display());
                }
            }
        }
    }
}

#[test]
fn every_page_has_the_code_of_its_name() {
    for page in files(Path::new("templates/console"), "html") {
        let partial = page.file_name().unwrap().to_str().unwrap().starts_with('_');
        let code = Path::new("src").join(page.strip_prefix("templates").unwrap());
        let code = code.with_extension("rs");
        assert!(partial || code.is_file(), "{} has no {}", page.display(), code.display());
    }
}

#[test]
fn pages_have_no_inline_style_or_script() {
    for page in files(Path::new("templates"), "html") {
        let text = fs::read_to_string(&page).unwrap();
        for word in [" style=", "<style", " onclick=", " onload=", "hx-on", "javascript:", "|safe"]
        {
            assert!(!text.contains(word), "{}: {word}", page.display());
        }
        for script in text.match_indices("<script") {
            let tag = &text[script.0..];
            assert!(tag.starts_with("<script src="), "{}: inline script", page.display());
        }
    }
}

#[test]
fn files_stay_under_400_lines() {
    for file in [files(Path::new("src"), "rs"), files(Path::new("templates"), "html")].concat() {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 400, "{}: {lines} lines", file.display());
    }
}

#[test]
fn no_dumping_grounds() {
    const NAMES: [&str; 9] =
        ["utils", "util", "helpers", "helper", "common", "misc", "types", "manager", "prelude"];
    for file in files(Path::new("src"), "rs") {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(!NAMES.contains(&name), "{}", file.display());
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| {
        let mut names: Vec<_> = fs::read_dir(Path::new("migrations").join(database))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .inspect(|path| {
                assert!(path.join("up.sql").is_file() && path.join("down.sql").is_file());
            })
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// The text of a file without its tests.
fn product_code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

/// The folders named after `crate::`, in comments too.
fn uses(code: &str) -> Vec<String> {
    code.match_indices("crate::").flat_map(|(at, path)| names(&code[at + path.len()..])).collect()
}

/// The first path segments: one, or those in braces.
fn names(after: &str) -> Vec<String> {
    let word = |text: &str| {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    match after.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or("").split(',').map(word).collect(),
        None => vec![word(after)],
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found
}

/// A brace too few takes every rule after it along.
#[test]
fn style_sheets_close_what_they_open() {
    for file in files(Path::new("static/css"), "css") {
        let text = fs::read_to_string(&file).unwrap();
        let depth = text.chars().fold(0_i32, |depth, c| match c {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        });
        assert_eq!(depth, 0, "{}", file.display());
    }
}

/// What people copy is what was run.
#[test]
fn the_snippets_of_the_manual_are_the_files_that_are_tested() {
    let manual = fs::read_to_string("docs/verifying.md").unwrap();
    for file in ["verifier.py", "verifier.mjs"] {
        let text = fs::read_to_string(Path::new("tests/clients").join(file)).unwrap();
        assert!(manual.contains(&text), "docs/verifying.md has another {file}");
    }
}

/// Tables that are laid out by hand where there is no room for columns.
const LAID_OUT: [&str; 4] = ["creds", "kills", "lines", "log"];

/// The tag that begins here: `>` in what the template puts in is none of it.
fn tag(text: &str) -> &str {
    let is_whole = |end: &usize| {
        let piece = &text[..*end];
        [("{{", "}}"), ("{%", "%}")]
            .iter()
            .all(|(open, close)| piece.matches(open).count() == piece.matches(close).count())
    };
    let ends = text.match_indices('>').map(|(at, _)| at + 1);
    &text[..ends.filter(is_whole).min().unwrap_or(text.len())]
}

/// Where there is no room for columns, a cell says which it is of. What one
/// presses says so itself.
#[test]
fn cells_of_tables_that_fold_have_names() {
    let mut tables = 0;
    for file in files(Path::new("templates"), "html") {
        let text = fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("<table class=\"") {
            let table = &text[at..][..text[at..].find("</table>").unwrap()];
            let classes: Vec<&str> = table.split('"').nth(1).unwrap().split(' ').collect();
            let folds = classes.contains(&"stack");
            if !folds || LAID_OUT.iter().any(|class| classes.contains(class)) {
                continue;
            }
            tables += 1;
            for (at, _) in table.match_indices("<td") {
                let cell = tag(&table[at..]);
                let is_pressed = cell.contains("class=\"act") || cell.contains("\"row-acts\"");
                assert!(is_pressed || cell.contains(" data-name=\""), "{}: {cell}", file.display());
            }
        }
    }
    assert!(tables > 20, "{tables}");
}
