"""Contents of documents: in memory, or in a folder."""

from crmkit.storage.blobs.filesystem import FilesystemBlobs as FilesystemBlobs
from crmkit.storage.blobs.largest import LARGEST as LARGEST
from crmkit.storage.blobs.memory import MemoryBlobs as MemoryBlobs
