//! Paths of pictures, one after another, as another program finds them.

use std::ffi::OsString;
use std::io::{BufRead, Read};
#[cfg(unix)]
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::string::FromUtf8Error;

use anyhow::{Context, Result, bail};

use crate::inputs::Input;

/// Many times what systems allow; a longer line is no path.
const MAX_PATH_BYTES: usize = 1 << 16;

/// What ends a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathEnd {
    /// `\n` or `\r\n`.
    LineBreak,
    /// A zero byte, so that a path may hold line breaks.
    Zero,
}

/// The pictures named by the lines of a reader, each as soon as its line is there.
///
/// Empty lines are skipped. A line that cannot be read is the last item.
pub(super) struct NamedPictures<R> {
    lines: R,
    end: PathEnd,
    failed: bool,
}

impl<R: BufRead> NamedPictures<R> {
    pub(super) fn new(lines: R, end: PathEnd) -> Self {
        Self {
            lines,
            end,
            failed: false,
        }
    }

    /// The next line that is not empty, without its end; `None` at the end of the input.
    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            (&mut self.lines)
                .take(MAX_PATH_BYTES as u64 + 1)
                .read_until(self.end.byte(), &mut line)
                .context("standard input cannot be read")?;
            if line.len() > MAX_PATH_BYTES {
                bail!(
                    "standard input: a line of more than {MAX_PATH_BYTES} bytes is no path; \
                     write the path of one picture a line"
                );
            }
            if line.is_empty() {
                return Ok(None);
            }
            let path = self.end.stripped_from(&line);
            if !path.is_empty() {
                return Ok(Some(path.to_owned()));
            }
        }
    }
}

impl PathEnd {
    fn byte(self) -> u8 {
        match self {
            Self::LineBreak => b'\n',
            Self::Zero => 0,
        }
    }

    fn stripped_from(self, line: &[u8]) -> &[u8] {
        let path = line.strip_suffix(&[self.byte()]).unwrap_or(line);
        match self {
            Self::LineBreak => path.strip_suffix(b"\r").unwrap_or(path),
            Self::Zero => path,
        }
    }
}

impl<R: BufRead> Iterator for NamedPictures<R> {
    type Item = Result<Input>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let path = self.line().and_then(|line| line.map(path).transpose());
        self.failed = path.is_err();
        path.map(|path| path.map(Input::awaited)).transpose()
    }
}

/// On Unix a path need not be text.
fn path(bytes: Vec<u8>) -> Result<PathBuf> {
    #[cfg(unix)]
    let path = Ok::<OsString, FromUtf8Error>(OsStringExt::from_vec(bytes));
    #[cfg(not(unix))]
    let path = String::from_utf8(bytes).map(OsString::from);
    Ok(path.context("standard input: a path is not UTF-8")?.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use super::*;

    fn paths(input: &[u8]) -> Vec<PathBuf> {
        NamedPictures::new(input, PathEnd::LineBreak)
            .map(|picture| picture.unwrap().path)
            .collect()
    }

    #[test]
    fn each_line_is_a_path_and_empty_ones_are_skipped() {
        assert_eq!(
            paths(b"a b.png\n\n\r\n/c/d.png\r\n last"),
            [PathBuf::from("a b.png"), "/c/d.png".into(), " last".into()]
        );
        assert!(paths(b"").is_empty() && paths(b"\n\n").is_empty());
    }

    #[test]
    fn paths_that_end_with_zero_may_hold_line_breaks() {
        let pictures = NamedPictures::new(&b"a\nb\r\0\0 c"[..], PathEnd::Zero);
        let paths: Vec<_> = pictures.map(|picture| picture.unwrap().path).collect();
        assert_eq!(paths, [PathBuf::from("a\nb\r"), " c".into()]);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let [path] = &paths(b"\xff\n")[..] else {
            unreachable!("one line")
        };
        assert_eq!(path.as_os_str().as_bytes(), b"\xff");
    }

    #[test]
    fn a_line_without_end_is_refused_and_the_last() {
        let mut lines = vec![b'x'; MAX_PATH_BYTES];
        lines.extend(b"\na.png\n");
        let mut pictures = NamedPictures::new(&lines[..], PathEnd::LineBreak);
        let error = pictures.next().unwrap().unwrap_err().to_string();
        assert!(error.contains("one picture a line"), "{error}");
        assert!(pictures.next().is_none());
        let longest = [&lines[..MAX_PATH_BYTES - 1], b"\n"].concat();
        assert_eq!(paths(&longest).len(), 1);
    }
}
