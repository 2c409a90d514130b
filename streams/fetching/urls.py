"""Which URLs may be asked for, before anything is resolved."""

import httpx

from streams.events import Medium
from streams.fetching.errors import MediumError

_WEB = ("https", "http")


def parsed(text: str) -> httpx.URL:
    """The URL in a text.

    Raises:
        MediumError: It is none.
    """
    try:
        return _with_readable_host(httpx.URL(text))
    except (httpx.InvalidURL, ValueError) as error:
        msg = f"not a URL: {error}"
        raise MediumError(msg, "address") from None


def host_of(medium: Medium) -> str:
    """Who is asked for a medium's file: a host, this machine, or nobody, where there is no address to ask."""
    if isinstance(medium.data, str) or not isinstance(medium.url, str):
        return ""
    try:
        return parsed(medium.url).host or "localhost"
    except MediumError:
        return ""


def checked(url: httpx.URL) -> httpx.URL:
    """The URL without its fragment, if it may be asked for.

    Ports are 80, 443 and those from 1024: the others belong to services that are no file servers.

    Raises:
        MediumError: Another scheme, no host, credentials, or such a port.
    """
    if url.scheme not in _WEB:
        raise MediumError(_scheme_reason(url.scheme), "scheme")
    if not url.host:
        msg = "the URL has no host"
        raise MediumError(msg, "address")
    if url.userinfo:
        msg = f"the URL of {url.host} carries a user name: it would be stored with the item; use a signed URL"
        raise MediumError(msg, "address")
    if url.port is not None and url.port not in (80, 443) and not 1024 <= url.port <= 65535:
        msg = f"port {url.port} of {url.host} is not asked: only 80, 443 and those from 1024 are"
        raise MediumError(msg, "address")
    return url.copy_with(fragment=None)


def redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads, if it may be followed.

    Raises:
        MediumError: As `checked`, or from https to http, which would give up what the item's URL promised.
    """
    try:
        target = _with_readable_host(url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        msg = f"{url.host} redirects to what is not a URL: {error}"
        raise MediumError(msg, "redirect") from None
    if url.scheme == "https" and target.scheme == "http":
        msg = f"{url.host} redirects from https to http ({target.host})"
        raise MediumError(msg, "redirect")
    try:
        return checked(target)
    except MediumError as error:
        msg = f"{url.host} redirects elsewhere: {error.reason}"
        raise MediumError(msg, error.kind) from None


def _with_readable_host(url: httpx.URL) -> httpx.URL:
    # httpx decodes the host when it is asked for it, and only then sees that it is no IDNA: a ValueError.
    _ = url.host
    return url


def _scheme_reason(scheme: str) -> str:
    can = "https:, http:, file: and inline base64 can be read"
    if scheme in ("s3", "gs", "gcs", "az", "abfs", "abfss", "hdfs"):
        return f"{scheme}: is not read: {can}; send a (signed) https: URL of the object"
    what = f"{scheme}:" if scheme else "a name that is no address"
    return f"{what} is not read: {can}"
