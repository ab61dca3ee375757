use super::super::WeightsProblem;

/// Far more than the name of any tensor.
const MAX_NAME_BYTES: usize = 4096;

/// A cursor over the bytes of a pickle; every step is checked.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    position: usize,
    longest_text: usize,
}

impl<'a> Input<'a> {
    pub(super) fn at(bytes: &'a [u8], position: usize) -> Self {
        Self {
            bytes,
            position,
            longest_text: MAX_NAME_BYTES,
        }
    }

    /// This cursor, with texts of any length. A text is never longer than `bytes`.
    pub(super) fn with_long_texts(self) -> Self {
        Self {
            longest_text: usize::MAX,
            ..self
        }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn problem(&self, what: &'static str) -> WeightsProblem {
        WeightsProblem::Pickle {
            position: self.position,
            what,
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], WeightsProblem> {
        let end = self.position.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.position..end));
        let taken = taken.ok_or_else(|| self.problem("it ends too early"))?;
        self.position += count;
        Ok(taken)
    }

    /// A fixed number of bytes, as an array for `from_le_bytes`.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WeightsProblem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, WeightsProblem> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, WeightsProblem> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn text(&mut self, count: usize) -> Result<&'a str, WeightsProblem> {
        if count > self.longest_text {
            return Err(self.problem("a name is too long"));
        }
        let raw = self.take(count)?;
        str::from_utf8(raw).map_err(|_| self.problem("a name is not UTF-8"))
    }

    /// The text up to the next line feed, which is consumed.
    pub(super) fn line(&mut self) -> Result<&'a str, WeightsProblem> {
        let rest = self.bytes.get(self.position..);
        let end = rest.and_then(|rest| rest.iter().position(|&byte| byte == b'\n'));
        let line = self.text(end.ok_or_else(|| self.problem("it ends too early"))?)?;
        self.take(1)?;
        Ok(line)
    }

    /// Two's complement, least significant byte first, as few bytes as it takes.
    pub(super) fn long(&mut self, count: usize) -> Result<i128, WeightsProblem> {
        let raw = self.take(count)?;
        let sign = raw
            .last()
            .map_or(0, |&top| if top < 0x80 { 0 } else { 0xff });
        let mut wide = [sign; 16];
        let low = wide.get_mut(..count);
        low.ok_or_else(|| self.problem("a number is too long"))?
            .copy_from_slice(raw);
        Ok(i128::from_le_bytes(wide))
    }
}
