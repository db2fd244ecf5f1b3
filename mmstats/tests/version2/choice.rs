//! Which version is written, and under which name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mmstats::{Counter, ErrorKind, Model, Options, Version, per_thread, stats};

use crate::{line, place};

stats! {
    struct Mail {
        sent: Counter,
    }

    struct Print {
        sent: Counter,
    }
}

per_thread! {
    static MAIL: Mail = Options::new().version(Version::V2);
    static PRINT: Print = Options::new().version(Version::V2);
}

/// Runs `child` in a process of its own, with `dir` for its files and a variable.
fn in_process(role: &str, dir: &Path, version: &str, child: impl FnOnce(PathBuf)) {
    const ROLE: &str = "MMSTATS_TEST_ROLE";
    if std::env::var_os(ROLE).is_some_and(|wanted| wanted == role) {
        return child(std::env::var_os("MMSTATS_PATH").unwrap().into());
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("choice::{role}"), "--nocapture"]).env(ROLE, role);
    command.env("MMSTATS_PATH", dir).env("MMSTATS_VERSION", version).env_remove("MMSTATS_FILES");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

fn version_of(path: &Path) -> u8 {
    fs::read(path).unwrap()[0]
}

#[test]
fn the_environment_wins() {
    let dir = tempfile::tempdir().unwrap();
    for wanted in ["1", "2"] {
        in_process("the_environment_wins", dir.path(), wanted, |_| {
            let wanted: u8 = std::env::var("MMSTATS_VERSION").unwrap().parse().unwrap();
            for options in
                [Options::new(), Options::new().version(Version::V1), Options::new().version(Version::V2)]
            {
                assert_eq!(version_of(options.create::<Mail>().unwrap().path()), wanted);
                assert_eq!(version_of(options.create_or_private::<Mail>().path()), wanted);
            }
        });
    }
}

#[test]
fn the_program_chooses_where_the_environment_does_not() {
    let dir = tempfile::tempdir().unwrap();
    in_process("the_program_chooses_where_the_environment_does_not", dir.path(), "", |_| {
        for (version, number) in
            [(Version::V1, 1), (Version::V2, 2), (Version::DEFAULT, Version::DEFAULT as u8 + 1)]
        {
            let stats = Options::new().version(version).create::<Mail>().unwrap();
            assert_eq!(version_of(stats.path()), number);
        }
        let default = Options::new().create::<Mail>().unwrap();
        assert_eq!(version_of(default.path()), Version::DEFAULT as u8 + 1);
    });
}

#[test]
fn another_version_is_an_error_in_words() {
    let dir = tempfile::tempdir().unwrap();
    for odd in ["3", "v2", " 1", "0"] {
        in_process("another_version_is_an_error_in_words", dir.path(), odd, |dir| {
            let odd = std::env::var("MMSTATS_VERSION").unwrap();
            let error = Options::new().filename("x.mmstats").create::<Mail>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Environment);
            let want =
                format!("{}: MMSTATS_VERSION takes 1 or 2, not {odd:?}", dir.join("x.mmstats").display());
            assert_eq!(error.to_string(), want);
            let private = Options::new().create_or_private::<Mail>();
            private.sent.incr();
            assert_eq!(private.error().unwrap().kind(), ErrorKind::Environment);
            assert_eq!(private.sent.value(), 1);
            assert_eq!(fs::read_dir(dir).unwrap().count(), 0);
        });
    }
}

#[test]
fn a_file_is_named_after_its_model() {
    let (dir, options) = place(Version::V2);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let options = options.filename("{MODEL}-{PID}.mmstats");
    let mail = options.create::<Mail>().unwrap();
    let pid = std::process::id();
    assert_eq!(name(mail.path()), format!("Mail-{pid}.mmstats"));
    assert_eq!(line(mail.path(), mmstats::MODEL_LABEL).unwrap(), "info\tfixed text\t-\tMail");
    assert_eq!(name(options.create::<Print>().unwrap().path()), format!("Print-{pid}.mmstats"));
    let none = options.create::<()>().unwrap();
    assert_eq!(name(none.path()), format!("-{pid}.mmstats"));
    assert_eq!(line(none.path(), mmstats::MODEL_LABEL), None);
    fs::create_dir(dir.path().join("Mail")).unwrap();
    let below = options.dir(dir.path().join("{MODEL}")).create::<Mail>().unwrap();
    assert_eq!(below.path().parent().unwrap(), dir.path().join("Mail"));
    mail.sent.incr();
}

#[test]
fn a_models_name_that_leads_elsewhere_is_refused() {
    struct Odd;
    impl Model for Odd {
        const NAME: &'static str = "a/../b";
        fn build(_: &mut mmstats::Builder<'_>) -> Result<Self, mmstats::Error> {
            Ok(Self)
        }
    }
    let (_dir, options) = place(Version::V2);
    let error = options.filename("{MODEL}.mmstats").create::<Odd>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Template);
}

#[test]
fn libraries_that_do_not_know_of_each_other_do_not_collide() {
    let dir = tempfile::tempdir().unwrap();
    in_process("libraries_that_do_not_know_of_each_other_do_not_collide", dir.path(), "", |dir| {
        MAIL.with(|mail| mail.sent.add(1));
        PRINT.with(|print| print.sent.add(2));
        let of = |model: &str| {
            let paths = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
            let is = format!("info\tfixed text\t-\t{model}");
            let own: Vec<_> = paths
                .filter(|path| line(path, mmstats::MODEL_LABEL).as_ref() == Some(&is))
                .map(|path| line(&path, "sent").unwrap())
                .collect();
            own
        };
        assert_eq!(of("Mail"), ["counter\tu64\t-\t1"]);
        assert_eq!(of("Print"), ["counter\tu64\t-\t2"]);
        MAIL.remove().unwrap();
        PRINT.with(|print| assert!(print.path().exists()));
    });
}
