//! What comes from strangers, made safe: clean whatever it was, itself where it was clean, and told apart
//! from what is not the same.

#![no_main]

use cli::{Json, escape};
use libfuzzer_sys::fuzz_target;
use mmstats_fuzz::assert_clean;

fuzz_target!(|data: &[u8]| {
    let escaped = escape(data);
    assert!(!escaped.contains(['\n', '\t']), "{escaped:?}");
    assert_clean(&format!("{escaped}\n"));
    assert_eq!(escape(escaped.as_bytes()), escaped, "what is clean is left alone");
    let json = Json::Text(data).to_string();
    assert_clean(&format!("{json}\n"));
    let read = serde_json::from_str::<String>(&json);
    assert_eq!(read.ok().as_deref(), Some(&*String::from_utf8_lossy(data)));
});
