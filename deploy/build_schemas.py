#!/usr/bin/env python
"""Write the JSON schema of the Kubernetes manifests, from the package kubernetes-validate.

    pip download --no-deps kubernetes-validate==1.37.0
    python deploy/build_schemas.py kubernetes_validate-1.37.0-py3-none-any.whl

The package holds the definitions of Kubernetes' API (Apache-2.0) of many versions. Kept are those
that the kinds in ``deploy/kubernetes`` need, in the form that allows no unknown field, without
their descriptions. KEDA's kinds are not among them.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "tests" / "support" / "kubernetes.schema.json"
VERSION = "v1.33.0"
MEMBER = f"kubernetes_validate/kubernetes-json-schema/{VERSION}-local-strict/_definitions.json"
KINDS = {
    ("apps/v1", "Deployment"): "io.k8s.api.apps.v1.Deployment",
    ("batch/v1", "Job"): "io.k8s.api.batch.v1.Job",
    ("v1", "Namespace"): "io.k8s.api.core.v1.Namespace",
    ("v1", "PersistentVolumeClaim"): "io.k8s.api.core.v1.PersistentVolumeClaim",
    ("v1", "Service"): "io.k8s.api.core.v1.Service",
}
PREFIX = "#/$defs/"


def main() -> int:
    """Write the schema from the package's wheel, the one argument."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        definitions = json.loads(wheel.read(MEMBER))["$defs"]
    kept: dict[str, Any] = {}
    wanted = list(KINDS.values())
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = _plain(definitions[name], wanted)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Kubernetes {VERSION}, Apache-2.0; written by deploy/build_schemas.py from "
        f"{Path(sys.argv[1]).name}",
        "oneOf": [_case(version, kind, name) for (version, kind), name in KINDS.items()],
        "$defs": dict(sorted(kept.items())),
    }
    TARGET.write_text(json.dumps(schema, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


def _case(version: str, kind: str, name: str) -> dict[str, Any]:
    mark = {"apiVersion": {"const": version}, "kind": {"const": kind}}
    return {
        "allOf": [{"properties": mark, "required": ["apiVersion", "kind"]}, {"$ref": PREFIX + name}]
    }


def _plain(part: Any, wanted: list[str]) -> Any:
    """Return a part of a definition without descriptions; note the definitions it refers to."""
    if isinstance(part, list):
        return [_plain(inner, wanted) for inner in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("$ref"), str):
        name = part["$ref"].rpartition("/")[2]
        wanted.append(name)
        return {"$ref": PREFIX + name}
    return {
        key: _plain(inner, wanted)
        for key, inner in part.items()
        if not (key == "description" and isinstance(inner, str))
        and not key.startswith("x-kubernetes-")
    }


if __name__ == "__main__":
    sys.exit(main())
