"""Links from the page of an asset to the lines that compute it: in the clone, or on GitHub or GitLab.

In a clone a link opens the file in the editor that the user's settings of the Dagster UI name. A deployment
says where its code lies by ``DAGSTER_CLOUD_GIT_URL`` and ``DAGSTER_CLOUD_GIT_BRANCH``, which Dagster+ sets by
itself; Dagster makes links for hosts whose name has ``github`` or ``gitlab`` in it. An installed package
without them gets no links: its files are nobody's to edit.
"""

from __future__ import annotations

import inspect
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

GIT_URL = "DAGSTER_CLOUD_GIT_URL"
GIT_BRANCH = "DAGSTER_CLOUD_GIT_BRANCH"

_PACKAGE = Path(__file__).resolve().parents[1]
_HOSTS = ("github", "gitlab")


def with_code_links(assets: Sequence[dg.AssetsDefinition]) -> Sequence[Any]:
    """Return the assets with a link each to the file and line of its function, where there is one to give."""
    # Some platforms put a token before the host, and a link is shown to everybody.
    url = re.sub(r"^(\w+://)[^/]*@", r"\1", os.environ.get(GIT_URL, "")).removesuffix(".git")
    on_host = any(host in url for host in _HOSTS)
    if not on_host and not (_PACKAGE.parent / "pyproject.toml").is_file():
        return assets
    with warnings.catch_warnings():
        # Code references are a beta feature of Dagster. Its version is pinned, and tests cover them.
        warnings.simplefilter("ignore")
        local = [asset.map_asset_specs(_linked_by(_place(asset))) for asset in assets]
        if not on_host:
            return local
        return dg.link_code_references_to_git(
            local,
            git_url=url,
            git_branch=os.environ.get(GIT_BRANCH) or "main",
            file_path_mapping=dg.AnchorBasedFilePathMapping(
                local_file_anchor=_PACKAGE, file_anchor_path_in_repository=_PACKAGE.name
            ),
        )


def _place(asset: dg.AssetsDefinition) -> dg.LocalFileCodeReference:
    # Dagster's own ``with_source_code_references`` names the file of the wrapper that makes data versions.
    compute: Any = asset.op.compute_fn
    code = inspect.unwrap(compute.decorated_fn).__code__
    return dg.LocalFileCodeReference(file_path=code.co_filename, line_number=code.co_firstlineno)


def _linked_by(place: dg.LocalFileCodeReference) -> Any:
    references = dg.CodeReferencesMetadataValue(code_references=[place])
    return lambda spec: spec.merge_attributes(metadata={"dagster/code_references": references})
