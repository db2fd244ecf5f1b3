//! Which files are looked at, by owner and by age.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use cli::Stop;
use nix::unistd::User;

/// Files of these owners, older than this.
#[derive(Default)]
pub(crate) struct Choice {
    /// None: of all.
    owners: Vec<u32>,
    age: Option<Duration>,
}

impl Choice {
    /// Adds `--uid`'s value: a name, or else a number.
    pub(crate) fn add_owner(&mut self, value: &OsStr) -> Result<(), Stop> {
        let text = value.to_str().unwrap_or_default();
        let owner = match User::from_name(text) {
            Ok(Some(user)) => Some(user.uid.as_raw()),
            _ => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
        };
        let Some(owner) = owner else {
            return Err(Stop::Usage(format!("--uid takes a user's name or number, not {value:?}")));
        };
        self.owners.push(owner);
        Ok(())
    }

    /// Takes `--older-than`'s value.
    pub(crate) fn set_age(&mut self, value: &OsStr) -> Result<(), Stop> {
        let age = value.to_str().and_then(|text| humantime::parse_duration(text).ok());
        if age.is_none() {
            let form = "an age such as 90s, 10m, 2h or 3d";
            return Err(Stop::Usage(format!("--older-than takes {form}, not {value:?}")));
        }
        self.age = age;
        Ok(())
    }

    /// Why a file is passed over, if it is.
    pub(crate) fn objection(&self, metadata: &Metadata) -> Option<&'static str> {
        if !self.owners.is_empty() && !self.owners.contains(&metadata.uid()) {
            return Some("it belongs to somebody else");
        }
        let age = self.age?;
        // A change in the future is no age at all.
        let since = |changed| SystemTime::now().duration_since(changed).unwrap_or_default();
        let is_old = metadata.modified().is_ok_and(|changed| since(changed) > age);
        (!is_old).then_some("it changed too recently")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit() {
        let seconds = |text: &str| {
            let mut choice = Choice::default();
            choice.set_age(OsStr::new(text)).ok().and(choice.age).map(|age| age.as_secs())
        };
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("1h 30m"), Some(5400));
        assert_eq!(seconds("3d"), Some(259_200));
        for wrong in ["", "s", "90", "-1s", "+1s", "5é", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn owners_have_names_or_numbers() {
        let mut choice = Choice::default();
        choice.add_owner(OsStr::new("root")).unwrap();
        choice.add_owner(OsStr::new("4242")).unwrap();
        assert_eq!(choice.owners, [0, 4242]);
        assert!(choice.add_owner(OsStr::new("no such user")).is_err());
        assert!(choice.add_owner(OsStr::new("-1")).is_err());
        assert!(choice.add_owner(OsStr::new("")).is_err());
    }
}
