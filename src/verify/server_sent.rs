//! Server-sent events, as far as the feed uses them (HTML §9.2.6).
use std::io::{BufRead, Error, ErrorKind, Read as _, Result};

/// The longest event that is read.
const BYTES: u64 = 4 * 1_024 * 1_024;

/// The `data` of the next event; `None` at the end of the stream. Events
/// without data, and comments, are passed over.
pub fn next(stream: &mut impl BufRead) -> Result<Option<String>> {
    let mut data: Vec<String> = Vec::new();
    let mut limited = stream.take(BYTES);
    loop {
        let mut line = String::new();
        if limited.read_line(&mut line)? == 0 {
            if limited.limit() == 0 {
                return Err(Error::new(ErrorKind::InvalidData, "an event is too long"));
            }
            // What was begun is not told, since it may be half of it.
            return Ok(None);
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            if !data.is_empty() {
                return Ok(Some(data.join("\n")));
            }
            limited.set_limit(BYTES);
        } else if let Some(value) = line.strip_prefix("data:") {
            data.push(value.strip_prefix(' ').unwrap_or(value).to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_data_and_half_an_event_is_none() {
        let mut stream =
            &b": hello\n\nid: 1\ndata: a\ndata:b\r\n\r\nevent: x\n\ndata: c\n\ndata: half"[..];
        assert_eq!(next(&mut stream).unwrap().as_deref(), Some("a\nb"));
        assert_eq!(next(&mut stream).unwrap().as_deref(), Some("c"));
        assert_eq!(next(&mut stream).unwrap(), None);
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let mut stream = std::io::BufReader::new(std::io::repeat(b'a'));
        assert!(next(&mut stream).is_err());
    }
}
