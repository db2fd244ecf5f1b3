//! What is published, for Prometheus: byte for byte what slurpstats prints.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use cli::{Labels, Output, escape};
use exposition::Exposition;
use figures::{Aggregate, Function, Source};
use hyper::StatusCode;

use crate::answer::Answer;
use crate::reading::{Problem, Reading, fields};

/// The text format that every Prometheus reads.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn answer(reading: &mut Reading, prefixes: Vec<Vec<u8>>, function: Option<Function>) -> Answer {
    use std::os::unix::ffi::OsStringExt;
    let labels = Labels {
        prefixes: prefixes.into_iter().map(std::ffi::OsString::from_vec).collect(),
        ..Labels::default()
    };
    let exposition = match function {
        None => as_they_are(reading, &labels),
        Some(function) => merged(reading, &labels, function),
    };
    let memory = Memory::default();
    let mut out = Output::to(Box::new(memory.clone()));
    match exposition.write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Answer::new(CONTENT_TYPE, memory.0.take()),
        // Memory takes all.
        Err(_) => Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "no room"),
    }
}

fn as_they_are(reading: &mut Reading, labels: &Labels) -> Exposition {
    let mut exposition = Exposition::default();
    reading.each(|snapshot, problems| {
        let mut source = exposition.source(snapshot);
        let mut doubles = Vec::new();
        for field in fields(snapshot, problems).filter(|field| labels.want(field.label())) {
            if !source.add(&field) {
                doubles.push(escape(field.label()).into_owned());
            }
        }
        problems.extend(doubles.iter().map(|label| {
            Problem::at(snapshot.path(), &format!("label {label} stands there twice: one is left out"))
        }));
    });
    exposition
}

fn merged(reading: &mut Reading, labels: &Labels, function: Function) -> Exposition {
    let mut aggregate = Aggregate::new(function);
    let mut file = 0;
    reading.each_judged(|snapshot, is_alive, problems| {
        let source = Source::of(file, snapshot, is_alive != Some(false));
        file += 1;
        for field in fields(snapshot, problems).filter(|field| labels.want(field.label())) {
            aggregate.add(&source, &field);
        }
    });
    let mut exposition = Exposition::default();
    aggregate.results().iter().for_each(|result| exposition.add_result(result));
    exposition
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
