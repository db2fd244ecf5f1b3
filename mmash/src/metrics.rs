//! What is published, for Prometheus: byte for byte what slurpstats prints.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::rc::Rc;

use cli::{Labels, Output, Tool};
use exposition::{Choice, Files};
use figures::Function;
use hyper::StatusCode;

use crate::answer::Answer;
use crate::reading::{Problem, Reading};

/// The text format that every Prometheus reads.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn answer(
    reading: &mut Reading,
    operands: &[OsString],
    prefixes: Vec<OsString>,
    function: Option<Function>,
) -> Answer {
    let (tool, memory) = (Tool::silent("mmash"), Memory::default());
    let mut labels = Labels::default();
    labels.prefixes = prefixes;
    let files = Files::new(&tool, &reading.found);
    let what = exposition::Reading { tool: &tool, files: &files, operands, labels: &labels };
    let mut out = Output::to(Box::new(memory.clone()));
    let written = exposition::write(&what, &Choice::default(), function, &mut out).and_then(|()| out.flush());
    reading.problems.extend(tool.take_said().into_iter().map(Problem::said));
    match written {
        Ok(()) => Answer::new(CONTENT_TYPE, memory.0.take()),
        Err(_) => Answer::error(StatusCode::SERVICE_UNAVAILABLE, "the files could not be read at one moment"),
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
