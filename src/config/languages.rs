//! What the console can say besides English: the folder that
//! `COUNTERSIGN_LANGUAGES` names.
use std::path::{Path, PathBuf};

use crate::texts::{Catalogue, Texts};

/// Reads every `.po` file there.
///
/// # Errors
/// One sentence about the first thing that is wrong.
pub fn read(folder: &Path) -> Result<Texts, String> {
    let told = |path: &Path, why: &dyn std::fmt::Display| {
        format!("COUNTERSIGN_LANGUAGES {}: {why}", path.display())
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| told(folder, &error))?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "po"));
    if files.is_empty() {
        return Err(told(folder, &"there is no .po file"));
    }
    files.sort();
    let catalogue = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(|error| told(path, &error))?;
        Catalogue::parse(&text).map_err(|why| told(path, &why))
    };
    let catalogues = files.iter().map(catalogue).collect::<Result<_, _>>()?;
    Texts::new(catalogues).map_err(|why| told(folder, &why))
}
