"""Where bytes lie: a folder of this machine, or a bucket of an object store. No Dagster, no pandas.

* ``protocol``: what every store can do; ``BlobStore`` is all that other rooms know
* ``local_blobs``: a folder; ``object_blobs``: S3, Google Cloud Storage and Azure, through obstore
* ``blob_cache``: copies of a bucket's immutable objects on this machine, bounded
* ``listed_blobs``: a bucket as one listing shows it, for a look at many values
* ``open_blobs``: the store of an address; ``folder``: a name below which there are blobs

A name is plain words, ``/`` between them. A value is replaced in one step in both kinds of store. Credentials
come from the environment or the platform; they are never part of an address, and no message holds one.
"""
