//! Pages of lists: `page`, `itemsPerPage` and MediaMTX's words for wrong ones.
//!
//! Pure. Talked to by the route table.

use serde::Serialize;

/// The envelope of every list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    item_count: usize,
    page_count: usize,
    items: Vec<T>,
}

/// Which page was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// Reads a query string; the error is the sentence that MediaMTX 1.20 answers with status 400.
    pub fn read(query: &str) -> Result<Self, String> {
        let mut page = Self { number: 0, size: 100 };
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            match key.as_ref() {
                "page" => page.number = number(&value)?,
                "itemsPerPage" => page.size = number(&value)?,
                _ => {}
            }
        }
        if page.size == 0 {
            return Err("invalid items per page".to_owned());
        }
        Ok(page)
    }

    /// This page of the items. A page past the end is empty.
    pub fn of<T>(self, items: Vec<T>) -> List<T> {
        let item_count = items.len();
        let page_count = item_count.div_ceil(self.size);
        let first = self.number.saturating_mul(self.size);
        List { item_count, page_count, items: items.into_iter().skip(first).take(self.size).collect() }
    }
}

/// Go's `strconv.ParseUint(text, 10, 31)`.
fn number(text: &str) -> Result<usize, String> {
    const LARGEST: u64 = (1 << 31) - 1;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("strconv.ParseUint: parsing {text:?}: invalid syntax"));
    }
    match text.parse::<u64>() {
        Ok(value) if value <= LARGEST => Ok(value as usize),
        _ => Err(format!("strconv.ParseUint: parsing {text:?}: value out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_as_mediamtx_reads_them() {
        let page = |number, size| Ok(Page { number, size });
        let refused = |sentence: &str| Err(sentence.to_owned());
        let table = [
            ("", page(0, 100)),
            ("page=&itemsPerPage=", page(0, 100)),
            ("page=3&itemsPerPage=7&x=y", page(3, 7)),
            ("itemsPerPage=2147483647", page(0, 2_147_483_647)),
            ("itemsPerPage=0", refused("invalid items per page")),
            ("page=abc", refused("strconv.ParseUint: parsing \"abc\": invalid syntax")),
            ("page=-1", refused("strconv.ParseUint: parsing \"-1\": invalid syntax")),
            ("page=%2B1", refused("strconv.ParseUint: parsing \"+1\": invalid syntax")),
            ("itemsPerPage=2147483648", refused("strconv.ParseUint: parsing \"2147483648\": value out of range")),
            (
                "page=99999999999999999999",
                refused("strconv.ParseUint: parsing \"99999999999999999999\": value out of range"),
            ),
        ];
        for (query, wanted) in table {
            assert_eq!(Page::read(query), wanted, "{query}");
        }
    }

    #[test]
    fn pages_of_ten_items_by_three() {
        let list = |query: &str| {
            let list = Page::read(query).expect(query).of((0..10).collect());
            (list.item_count, list.page_count, list.items)
        };
        assert_eq!(list("itemsPerPage=3&page=0"), (10, 4, vec![0, 1, 2]));
        assert_eq!(list("itemsPerPage=3&page=3"), (10, 4, vec![9]));
        assert_eq!(list("itemsPerPage=3&page=9"), (10, 4, vec![]));
        assert_eq!(list("itemsPerPage=2147483647&page=2147483647"), (10, 1, vec![]));
        let empty = Page::read("").expect("no query").of(Vec::<u8>::new());
        assert_eq!(serde_json::to_string(&empty).expect("JSON"), r#"{"itemCount":0,"pageCount":0,"items":[]}"#);
    }
}
