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
        let age = value.to_str().and_then(age);
        if age.is_none() {
            let form = "a whole number and s, m, h or d";
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

fn age(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit() {
        let seconds = |text| age(text).map(|age| age.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("2h"), Some(7200));
        assert_eq!(seconds("3d"), Some(259_200));
        for wrong in ["", "s", "90", "1.5h", "-1s", "+1s", "1w", "5é", "99999999999999999999s"] {
            assert_eq!(age(wrong), None, "{wrong}");
        }
        assert_eq!(age(&format!("{}d", u64::MAX)), None, "more seconds than there are numbers");
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
