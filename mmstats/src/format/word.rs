//! How many bytes this machine's kernel copies at once: what a reader cannot see half changed.

#[cfg(all(publishes, target_pointer_width = "32"))]
use std::sync::OnceLock;

/// The size of a word of the kernel, in bytes. A program of 32 bits may run under a kernel of 64.
#[cfg(all(publishes, target_pointer_width = "32"))]
pub(crate) fn word() -> usize {
    static WORD: OnceLock<usize> = OnceLock::new();
    *WORD.get_or_init(|| {
        let name = nix::sys::utsname::uname();
        name.map_or(4, |name| of_machine(&name.machine().to_string_lossy()))
    })
}

/// The size of a word of the kernel, in bytes.
#[cfg(not(all(publishes, target_pointer_width = "32")))]
#[inline(always)]
pub(crate) fn word() -> usize {
    8
}

/// By the machine's name, as `uname -m` has it.
#[cfg(any(test, all(publishes, target_pointer_width = "32")))]
fn of_machine(name: &str) -> usize {
    if name.contains("64") || name == "s390x" { 8 } else { 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_says_how_wide_it_is() {
        for wide in ["x86_64", "aarch64", "ppc64le", "riscv64", "s390x", "mips64", "loongarch64"] {
            assert_eq!(of_machine(wide), 8, "{wide}");
        }
        for narrow in ["i686", "i586", "armv7l", "armv8l", "ppc", "riscv32", "mips", ""] {
            assert_eq!(of_machine(narrow), 4, "{narrow}");
        }
        assert!([4, 8].contains(&word()));
    }
}
