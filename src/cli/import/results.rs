//! The file with what became of each row. It has secrets that nobody can read
//! again, so a row stands in it, on disk, before its application is committed.
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::admin::imports::Taken;

pub struct Results {
    file: File,
    /// Bytes.
    length: u64,
}

impl Results {
    /// A new file, for its owner alone, that begins with the name of the import.
    ///
    /// # Errors
    /// It cannot be made, or is there already.
    pub fn create(path: &Path, import_id: &str, source: &str) -> anyhow::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let file = file.with_context(|| {
            format!("{}: the results cannot be written (is there one to --resume?)", path.display())
        })?;
        lock(&file, path)?;
        let mut results = Self { file, length: 0 };
        let head = json!({ "import": import_id, "source": source });
        results.append(format!("{head}\n").as_bytes())?;
        Ok(results)
    }

    /// The file of an import that did not end, and the import's id.
    ///
    /// # Errors
    /// It is not there, is in use, or is no such file.
    pub fn reopen(path: &Path) -> anyhow::Result<(Self, String)> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.with_context(|| format!("{}: no results to go on with", path.display()))?;
        lock(&file, path)?;
        let mut head = String::new();
        BufReader::new(&file).read_line(&mut head)?;
        let head: Value = serde_json::from_str(&head).unwrap_or_default();
        let id = head.get("import").and_then(Value::as_str);
        let id = id.with_context(|| format!("{}: not the results of an import", path.display()))?;
        let length = file.metadata()?.len();
        Ok((Self { file, length }, id.to_owned()))
    }

    /// Takes away what was written after the last commit.
    ///
    /// # Errors
    /// The file is shorter than that: secrets of committed rows are lost.
    pub fn cut(&mut self, length: u64) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.length >= length,
            "the results end before what was imported: they were cut off or exchanged"
        );
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(length))?;
        self.length = length;
        Ok(())
    }

    /// Writes rows, and returns once they are on disk.
    pub fn append(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.length += u64::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }

    pub fn length(&self) -> i64 {
        i64::try_from(self.length).unwrap_or(i64::MAX)
    }
}

/// Two that write the same results would lose secrets.
fn lock(file: &File, path: &Path) -> anyhow::Result<()> {
    file.try_lock().with_context(|| format!("{}: another import writes here", path.display()))
}

/// A line of the results.
pub fn write(lines: &mut Zeroizing<Vec<u8>>, line: u64, key: Option<&str>, taken: &Taken) {
    let mut object = json!({ "line": line });
    let mut put = |name: &str, value: Value| {
        if let Some(members) = object.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if let Some(key) = key {
        put("external_id", key.into());
    }
    match taken {
        Taken::Imported { client_id, secret_id, secret } => {
            put("result", "imported".into());
            put("client_id", client_id.as_str().into());
            if let Some(id) = secret_id {
                put("secret_id", id.as_str().into());
            }
            if let Some(value) = secret {
                put("client_secret", value.as_str().into());
            }
        }
        Taken::Skipped { client_id } => {
            put("result", "skipped".into());
            put("client_id", client_id.as_str().into());
        }
        Taken::Refused(why) => {
            put("result", "refused".into());
            put("error", why.as_str().into());
        }
    }
    lines.extend_from_slice(object.to_string().as_bytes());
    lines.push(b'\n');
}
