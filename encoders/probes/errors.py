"""What a probe cannot work with."""


class ProbeError(ValueError):
    """The data do not suffice for the probe; the message is one line that says why."""
