"""Object stores (S3 and what speaks like it): listing, looking into, and fetching objects, with patience.

Credentials, region, endpoint and unsigned access come from the standard AWS environment names. Where no
credentials are named there, requests are unsigned, which public buckets take; metadata services of clouds are
not asked. No message holds a credential: of what the service says, only the code of its error is shown.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from inflows.errors import InflowsError, UsageError, WorkError
from inflows.http.aws_environment import options

ATTEMPTS: Final = 6
FIRST_WAIT_SECONDS: Final = 0.5
_DISK: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_CHUNK_BYTES: Final = 1 << 20
_REFUSED: Final = re.compile(
    r"AWS Error (ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN_ID"
    r"|UNRECOGNIZED_CLIENT|EXPIRED_TOKEN|MISSING_AUTHENTICATION_TOKEN|NO_SUCH_BUCKET)"
)
_CODE: Final = re.compile(r"AWS Error ([A-Z_]+)")
R = TypeVar("R")


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing shows it."""

    bucket: str
    key: str
    size: int
    changed_ns: int

    @property
    def url(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


class ObjectStore:
    """The object store that the environment names; `wait` sleeps between attempts."""

    def __init__(
        self, environment: Mapping[str, str] | None = None, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._options = options(os.environ if environment is None else environment)
        self._wait = wait
        self._by_bucket: dict[str, Any] = {}
        self._tags: dict[StoredObject, bytes] = {}

    def find(self, url: str) -> list[StoredObject]:
        """The objects that a URL means: itself, all below it, or those that match its glob; sorted by key."""
        bucket, key = split_url(url)
        fixed = key if not _is_glob(key) else key[: _first_magic(key)].rpartition("/")[0]
        below = f"{bucket}/{fixed.strip('/')}".rstrip("/")

        def ask() -> list[StoredObject]:
            store = self._of(bucket)
            info = store.get_file_info(below) if below != bucket else None
            if info is not None and info.type == fs.FileType.File and not key.endswith("/"):
                return [_stored(info)]
            try:
                found = store.get_file_info(fs.FileSelector(below, recursive=True))
            except FileNotFoundError:
                return []  # a bucket that is not there is another error
            return [_stored(info) for info in found if info.type == fs.FileType.File]

        found = self._patiently(url, ask)
        if _is_glob(key):
            pattern = _glob(key)
            found = [item for item in found if pattern.fullmatch(item.key)]
        return sorted(found, key=lambda item: item.key)

    def head(self, item: StoredObject) -> tuple[pa.Schema, int]:
        """Columns and number of rows of a Parquet object, of its footer alone."""

        def ask() -> tuple[pa.Schema, int]:
            with self._open(item) as handle:
                footer = pq.ParquetFile(handle)
                return footer.schema_arrow, int(footer.metadata.num_rows)

        return self._patiently(item.url, ask)

    def fetch(self, item: StoredObject, target: Path, columns: Sequence[str] = ()) -> None:
        """Copy an object into a file, whole or not at all; of Parquet, the named columns alone."""

        def ask() -> None:
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = target.with_name(f".{target.name}.part")
            with self._open(item) as handle:
                if columns:
                    _copy_columns(handle, aside, columns)
                else:
                    _copy_bytes(handle, aside, item)
            aside.replace(target)

        self._patiently(item.url, ask)

    def _open(self, item: StoredObject) -> Any:
        """Open an object that is still what was listed, by its size, and what was opened before, by its ETag.

        Times do not tell: some servers list milliseconds (MinIO, hadro), and no header of an answer has them.
        """
        try:
            handle = self._of(item.bucket).open_input_file(f"{item.bucket}/{item.key}")
        except FileNotFoundError:
            raise _changed(item) from None
        told = {name.lower(): text for name, text in handle.metadata().items()}
        tag = told.get("etag", told.get("last-modified", b""))
        if handle.size() != item.size or self._tags.setdefault(item, tag) != tag:
            handle.close()
            raise _changed(item)
        return handle

    def _of(self, bucket: str) -> Any:
        """The file system of a bucket; a bucket of AWS without a named region is asked where it lies."""
        if bucket not in self._by_bucket:
            chosen = dict(self._options)
            if not chosen.get("region"):
                chosen["region"] = "us-east-1"
                if "endpoint_override" not in chosen:
                    chosen["region"] = fs.resolve_s3_region(bucket)
            self._by_bucket[bucket] = fs.S3FileSystem(
                connect_timeout=10,
                request_timeout=60,
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
                **chosen,
            )
        return self._by_bucket[bucket]

    def _patiently(self, url: str, ask: Callable[[], R]) -> R:
        """Ask up to ATTEMPTS times, waiting twice as long each time; what is refused is not asked again."""
        for attempt in range(ATTEMPTS):
            try:
                return ask()
            except InflowsError:
                raise
            except (OSError, pa.ArrowException) as error:
                if isinstance(error, OSError) and error.errno in _DISK:
                    raise WorkError(
                        f"What was fetched of {url} cannot be written: {error.strerror}.", "Make room."
                    ) from None
                failure = error
                if isinstance(error, PermissionError) or _REFUSED.search(str(error)):
                    break
                if attempt + 1 < ATTEMPTS:
                    self._wait(FIRST_WAIT_SECONDS * 2**attempt)
        raise _explained(url, failure) from None


def _changed(item: StoredObject) -> WorkError:
    return WorkError(f"{item.url} changed after it was listed.", "Start this again: it goes on where it was.")


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise UsageError(f"'{url}' names no bucket.", "Write it as s3://bucket/folder/.")
    return bucket, key


def _stored(info: Any) -> StoredObject:
    bucket, _, key = info.path.partition("/")
    return StoredObject(bucket, key, int(info.size or 0), int(info.mtime_ns or 0))


def _copy_columns(handle: Any, target: Path, columns: Sequence[str]) -> None:
    source = pq.ParquetFile(handle, pre_buffer=True)
    schema = pa.schema([source.schema_arrow.field(name) for name in columns])
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for group in range(source.metadata.num_row_groups):
            writer.write_table(source.read_row_group(group, columns=list(columns)).select(list(columns)))


def _copy_bytes(handle: Any, target: Path, item: StoredObject) -> None:
    copied = 0
    with target.open("wb") as out:
        while chunk := handle.read(_CHUNK_BYTES):
            copied += out.write(chunk)
    if copied != item.size:
        raise OSError(f"{copied} of {item.size} bytes came")


def _explained(url: str, error: Exception) -> InflowsError:
    """What went wrong in words; the service's own text may echo keys and is left out."""
    refused = _REFUSED.search(str(error))
    code = _CODE.search(str(error))
    if refused and refused[1] == "NO_SUCH_BUCKET":
        return UsageError(f"There is no bucket of {url}.", "Check its name, and AWS_ENDPOINT_URL.")
    if refused or isinstance(error, PermissionError):
        return UsageError(
            f"The object store refuses {url} ({refused[1] if refused else 'ACCESS_DENIED'}).",
            "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set AWS_SKIP_SIGNATURE=true.",
        )
    if isinstance(error, pa.ArrowInvalid) and not code:
        return UsageError(
            f"{url} cannot be read as Parquet: it is cut off or of another format.",
            "Nothing of it was stored. Leave it out, or put a whole file in its place.",
        )
    why = f" ({code[1]})" if code else ""
    return WorkError(
        f"{url} could not be read in {ATTEMPTS} attempts{why}.",
        "Check the network and AWS_ENDPOINT_URL, then start this again: it goes on where it was.",
    )


def _is_glob(key: str) -> bool:
    return any(sign in key for sign in "*?[")


def _first_magic(key: str) -> int:
    return min(key.index(sign) for sign in "*?[" if sign in key)


def _glob(pattern: str) -> re.Pattern[str]:
    """A glob over keys: `*` and `?` stay within a folder, `**/` crosses folders."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            meaning.get(part) or (part if part.startswith("[") and part.endswith("]") else re.escape(part))
            for part in parts
        )
    )
