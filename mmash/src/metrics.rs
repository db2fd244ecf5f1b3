//! What is published, for Prometheus: byte for byte what slurpstats prints.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::rc::Rc;

use cli::{Labels, Output};
use exposition::Choice;
use figures::Function;

use crate::answer::Answer;
use crate::reading::{Reading, Unsteady};

/// The text format that every Prometheus reads.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn answer(reading: &Reading, prefixes: Vec<OsString>, function: Option<Function>) -> Answer {
    let memory = Memory::default();
    let labels = Labels { prefixes, ..Labels::default() };
    let files = reading.files();
    let what =
        exposition::Reading { tool: &reading.tool, files: &files, labels: &labels, is_alive_wanted: false };
    let mut out = Output::to(Box::new(memory.clone()));
    match exposition::write(&what, &Choice::default(), function, &mut out).and_then(|()| out.flush()) {
        Ok(()) => Answer::new(CONTENT_TYPE, memory.0.take()),
        Err(stop) => Unsteady::from(stop).into(),
    }
}

/// What is written to it, others can take out.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
