//! The file that names the clients: an id and a secret per line.
use std::path::Path;

use anyhow::Context as _;

pub struct Credentials {
    pub id: String,
    pub secret: String,
}

pub fn read(path: &Path) -> anyhow::Result<Vec<Credentials>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.lines()
        .map(|line| {
            let (id, secret) = line.split_once(' ').context("a line without a secret")?;
            Ok(Credentials { id: id.to_owned(), secret: secret.to_owned() })
        })
        .collect()
}

pub fn write(path: &Path, clients: &[Credentials]) -> anyhow::Result<()> {
    let lines: String = clients.iter().map(|c| format!("{} {}\n", c.id, c.secret)).collect();
    std::fs::write(path, lines).with_context(|| path.display().to_string())
}
