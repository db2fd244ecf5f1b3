"""Which boot of the machine this is."""


def this():
    """The boot's id, or None if the kernel does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None
