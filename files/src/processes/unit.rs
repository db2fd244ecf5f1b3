//! The container or the unit of a process, as its control group tells.

/// What comes before a container's id in the name of a scope.
const RUNTIMES: [&str; 7] =
    ["docker-", "libpod-", "cri-containerd-", "crio-", "containerd-", "nerdctl-", "lxc.payload."];
/// Directories that have containers' ids as names of their own.
const DIRECTORIES: [&str; 3] = ["docker", "libpod", "lxc"];

/// The name in what `/proc/PID/cgroup` says: `docker-ID`, `libpod-ID`, `kubepods-burstable-podUID/cri-containerd-ID`,
/// else the innermost `web.service` or `session-3.scope`. What runs within a container has the container's name.
pub(crate) fn unit(cgroup: &str) -> Option<String> {
    let path = path(cgroup)?;
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
    container(&parts).or_else(|| {
        let named =
            |ending: &str| parts.iter().rev().find(|part| part.ends_with(ending) && **part != "init.scope");
        named(".service").or_else(|| named(".scope")).map(|&part| part.to_owned())
    })
}

/// The path in the hierarchy that names units: that of version 2, or systemd's, or the longest of all.
fn path(cgroup: &str) -> Option<&str> {
    // NUMBER:CONTROLLERS:PATH
    let lines = || {
        cgroup.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            Some((parts.next()?, parts.next()?))
        })
    };
    let of =
        |controllers: &str| lines().find(|line| line.0 == controllers && line.1 != "/").map(|line| line.1);
    of("").or_else(|| of("name=systemd")).or_else(|| lines().map(|line| line.1).max_by_key(|path| path.len()))
}

fn container(parts: &[&str]) -> Option<String> {
    if let Some(pods) = parts.iter().position(|part| part.starts_with("kubepods")) {
        let parts = &parts[pods..];
        if let Some(pod) = parts
            .iter()
            .position(|part| part.contains("pod") && !part.starts_with("kubepods"))
            .or_else(|| parts.iter().position(|part| part.contains("-pod")))
        {
            // By systemd's naming, the last has all the names before it.
            let own = bare(parts[pod]);
            let name = if own.starts_with("kubepods") { own.to_owned() } else { parts[..=pod].join("-") };
            return Some(match parts.get(pod + 1) {
                Some(container) => format!("{name}/{}", bare(container)),
                None => name,
            });
        }
    }
    for (place, part) in parts.iter().enumerate() {
        if RUNTIMES.iter().any(|runtime| part.starts_with(runtime) && part.len() > runtime.len()) {
            return Some(bare(part).to_owned());
        }
        if DIRECTORIES.contains(part) {
            if let Some(id) = parts.get(place + 1) {
                return Some(format!("{part}-{}", bare(id)));
            }
        }
    }
    None
}

fn bare(part: &str) -> &str {
    part.strip_suffix(".scope").or_else(|| part.strip_suffix(".slice")).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_and_units_have_names() {
        let id = "3f2ac1d07b5e";
        for (cgroup, name) in [
            (format!("0::/system.slice/docker-{id}.scope\n"), Some(format!("docker-{id}"))),
            (
                format!("0::/system.slice/docker-{id}.scope/system.slice/web.service"),
                Some(format!("docker-{id}")),
            ),
            (format!("0::/docker/{id}"), Some(format!("docker-{id}"))),
            (
                format!("12:cpu:/docker/{id}\n1:name=systemd:/docker/{id}\n0::/\n"),
                Some(format!("docker-{id}")),
            ),
            (
                format!(
                    "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{id}.scope/container"
                ),
                Some(format!("libpod-{id}")),
            ),
            (
                format!(
                    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-{id}.scope"
                ),
                Some(format!("kubepods-burstable-pod1_2/cri-containerd-{id}")),
            ),
            (
                format!("0::/kubepods/besteffort/pod1-2/{id}"),
                Some(format!("kubepods-besteffort-pod1-2/{id}")),
            ),
            ("0::/system.slice/web.service".to_owned(), Some("web.service".to_owned())),
            (
                "0::/user.slice/user-0.slice/user@0.service/app.slice/web.service".to_owned(),
                Some("web.service".to_owned()),
            ),
            ("0::/user.slice/user-0.slice/session-3.scope".to_owned(), Some("session-3.scope".to_owned())),
            ("0::/../../system.slice/web.service".to_owned(), Some("web.service".to_owned())),
            ("1:name=systemd:/system.slice/web.service\n0::/".to_owned(), Some("web.service".to_owned())),
            ("0::/init.scope".to_owned(), None),
            ("0::/\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(unit(&cgroup), name, "{cgroup}");
        }
    }
}
