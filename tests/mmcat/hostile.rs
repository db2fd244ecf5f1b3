//! Nothing in a file acts on a terminal, or takes memory.

use std::fs;

use harness::field;

use super::{directory, run};

/// What a hostile label and a hostile text lead to, in all forms.
fn hostile(label: &[u8], text: &[u8]) -> String {
    let code = format!("{}s", text.len());
    let dir = directory(&[field(label, &code, 0xff, text)], &[0, 0, 1]);
    let mut all = String::new();
    for args in [&["f"][..], &["-o", "lines", "f"], &["--check", "f"]] {
        let (out, err, _) = run(dir.path(), args);
        assert_eq!(err, "");
        assert!(!out.chars().any(|char| char.is_control() && char != '\n' && char != '\t'), "{out:?}");
        all.push_str(&out);
    }
    all
}

#[test]
fn a_label_that_clears_the_screen_does_not() {
    let all = hostile(b"\x1b[2J\x9b2J", b"\x1b]0;title\x07");
    assert!(all.contains("label        \\x1b[2J\\x9b2J\n"), "{all}");
    assert!(all.contains("\\x1b]0;title\\x07"), "{all}");
    assert!(all.contains("|.[2J.2J|"), "{all}");
}

#[test]
fn a_label_with_newline_and_tab_forges_no_record() {
    let all = hostile(b"x\nf\t0\tdefect\tforged", b"y\nz");
    assert!(!all.lines().any(|line| line.ends_with("defect\tforged") || line.starts_with('z')), "{all}");
    let records = all.lines().filter(|line| line.starts_with("f\t"));
    for record in records {
        assert!(matches!(record.split('\t').count(), 5 | 6), "{record}");
    }
}

#[test]
fn a_label_that_turns_the_writing_around_does_not() {
    let all = hostile("safe\u{202e}txt.exe".as_bytes(), "\u{2066}".as_bytes());
    assert!(all.contains("safe\\u{202e}txt.exe") && all.contains("\\u{2066}"), "{all}");
    assert!(!all.contains('\u{202e}') && !all.contains('\u{2066}'));
}

#[test]
fn a_file_name_with_an_escape_sequence_is_shown_escaped() {
    let dir = directory(&[], &[0, 0, 1]);
    fs::rename(dir.path().join("f"), dir.path().join("\x1b[31mf\n")).unwrap();
    let (out, err, code) = run(dir.path(), &["\x1b[31mf\n", "gone\n"]);
    assert!(out.starts_with("==> \\x1b[31mf\\n\n"), "{out:?}");
    assert_eq!(err, "mmcat: gone\\n: opening it: No such file or directory\n");
    assert_eq!(code, 1);
    let (out, _, _) = run(dir.path(), &["--check", "\x1b[31mf\n"]);
    assert_eq!(out, "\\x1b[31mf\\n\t3\tdefect\t\ttrailing bytes are not zero\n");
}

#[test]
fn a_type_that_claims_terabytes_takes_no_memory() {
    let dir = directory(&[field(b"a", "9999999999999s", 0, b"x")], &[]);
    let (out, err, code) = run(dir.path(), &["-o", "lines", "f"]);
    assert_eq!((err.as_str(), code), ("", 0));
    let last = out.lines().last().unwrap();
    let want = if cfg!(target_pointer_width = "64") {
        "f\t21\t1\tunknown\ta\tfield at byte 1: truncated: the value would end at byte 20000000000019"
    } else {
        "f\t6\t16\tunknown\ta\tfield at byte 1: the type is too large"
    };
    assert_eq!(last, want);
}
