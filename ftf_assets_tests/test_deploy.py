"""The files of deploy/: they parse, agree with each other and with the code, and hold no secret."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import dagster_instance_config_schema

from ftf_assets.command.serve import serve
from ftf_assets.graph.run_processes import LOCATION
from ftf_assets.serving.report_address import ADDRESS_VARIABLE, REPORTS_PATH
from ftf_assets.storage.blobs.blob_cache import SIZE_VARIABLE
from ftf_assets.storage.home import CACHE_VARIABLE, HOME_VARIABLE

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def content(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


COMPOSE = content("compose.yaml")
HELM = content("helm/values.yaml")
DAGSTER = content("dagster.yaml")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def variables_of(settings: object) -> set[str]:
    """Find the environment variables that a dagster.yaml asks for."""
    if isinstance(settings, dict):
        named = {settings["env"]} if set(settings) == {"env"} else set()
        return named.union(*map(variables_of, settings.values()))
    return set()


def versions_in(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.\-]+)==([^ \n]+)", text, re.MULTILINE))


def test_every_variable_that_dagster_asks_for_is_set_in_each_container_that_runs_it():
    asked = variables_of(DAGSTER) | {"DAGSTER_HOME", HOME_VARIABLE, CACHE_VARIABLE}
    for name in ("code", "daemon", "webserver"):
        assert asked <= set(COMPOSE["services"][name]["environment"]), name


def test_every_variable_that_compose_asks_for_is_in_the_example():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    example = set(re.findall(r"^(\w+)=", (DEPLOY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert asked <= example
    assert example <= set(re.findall(r"\$\{(\w+)", text)), "nothing that nobody reads"


def test_the_ports_and_names_of_the_services_agree():
    services = COMPOSE["services"]
    (location,) = content("workspace.yaml")["load_from"]
    server = location["grpc_server"]
    assert server["location_name"] == LOCATION
    command = services[server["host"]]["command"]
    assert command[command.index("--port") + 1] == str(server["port"])
    assert command[command.index("--module-name") + 1] == LOCATION
    webserver = services["webserver"]["command"]
    assert f"webserver:{webserver[webserver.index('--port') + 1]}" in (DEPLOY / "Caddyfile").read_text()
    reports = services["reports"]["command"]
    assert f"reports:{reports[reports.index('--port') + 1]}" in (DEPLOY / "Caddyfile").read_text()
    assert services["code"]["environment"]["DAGSTER_PG_HOST"] in services
    assert services["postgres"]["environment"]["POSTGRES_USER"] == "ftf"
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    assert deployment["dagsterApiGrpcArgs"] == ["--module-name", LOCATION]


def test_only_the_proxy_with_its_login_is_published_and_on_the_machine_itself():
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published == {"proxy": ["127.0.0.1:8443:8443"]}
    assert "basic_auth" in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert COMPOSE["services"]["proxy"]["networks"] == ["front"]
    assert HELM["ingress"] == {"enabled": False}


def test_reports_are_served_from_the_bucket_of_the_runs_and_linked_where_the_proxy_is():
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert f"path {REPORTS_PATH.rstrip('/')} {REPORTS_PATH}*" in caddy
    assert ADDRESS_VARIABLE in COMPOSE["services"]["code"]["environment"]
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    of_runs = {one["name"]: one["value"] for one in deployment["env"]}
    assert of_runs[ADDRESS_VARIABLE].startswith("https://")
    pod, service = yaml.safe_load_all((DEPLOY / "helm" / "reports.yaml").read_text(encoding="utf-8"))
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    served = {one["name"]: one["value"] for one in container["env"]}
    assert {
        name: of_runs[name] for name in (HOME_VARIABLE, ADDRESS_VARIABLE, "AWS_REGION")
    }.items() <= served.items()
    port = service["spec"]["ports"][0]["targetPort"]
    assert container["ports"] == [{"containerPort": port}]
    for command in (container["args"], COMPOSE["services"]["reports"]["command"]):
        assert command[0] == "ftf"
        named = serve.make_context("serve", list(command[2:])).params
        assert (command[1], named["host"], named["port"]) == (serve.name, "0.0.0.0", port)


def test_the_deployment_runs_dagster_as_one_machine_does():
    ours = yaml.safe_load((ROOT / "ftf_assets" / "graph" / "dagster.yaml").read_text(encoding="utf-8"))
    assert {name: DAGSTER[name] for name in ours} == ours
    assert DAGSTER["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    assert HELM["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    monitoring = HELM["dagsterDaemon"]["runMonitoring"]
    assert monitoring["enabled"]
    assert HELM["dagsterDaemon"]["runRetries"]["retryOnAssetOrOpFailure"] is False


@pytest.mark.slow
def test_dagster_accepts_the_settings_and_its_launcher_those_of_a_pod(monkeypatch: pytest.MonkeyPatch):
    dagster_k8s = pytest.importorskip("dagster_k8s")
    for name in variables_of(DAGSTER):
        monkeypatch.setenv(name, "5432" if name.endswith("PORT") else "given")
    accepted = process_config(resolve_to_config_type(dagster_instance_config_schema()), DAGSTER)
    assert accepted.success, accepted.errors
    launcher = HELM["runLauncher"]["config"]["k8sRunLauncher"]
    words = {
        "containerConfig": "container_config",
        "podSpecConfig": "pod_spec_config",
        "jobSpecConfig": "job_spec_config",
    }
    settings = {
        "run_k8s_config": {words[name]: value for name, value in launcher["runK8sConfig"].items()},
        "service_account_name": "ftf",
        "instance_config_map": "ftf",
        "dagster_home": "/opt/dagster",
    }
    accepted = process_config(resolve_to_config_type(dagster_k8s.K8sRunLauncher.config_type()), settings)
    assert accepted.success, accepted.errors


def test_copies_fits_and_scores_of_a_pod_leave_a_quarter_of_its_volume_to_what_is_not_uploaded_yet():
    (deployment,) = HELM["dagster-user-deployments"]["deployments"]
    (megabytes,) = (one["value"] for one in deployment["env"] if one["name"] == SIZE_VARIABLE)
    (volume,) = HELM["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["podSpecConfig"]["volumes"]
    limit = volume["emptyDir"]["sizeLimit"]
    assert limit.endswith("Gi")
    assert 3 * int(megabytes) * 10**6 <= int(limit.removesuffix("Gi")) * 2**30 * 3 / 4


def test_the_image_has_the_locked_versions_of_the_extras_and_no_tools():
    locks = {
        name: dict(
            re.findall(r"^([\w.\-]+)==([^ \n]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        )
        for name in ("requirements.lock", "deploy/requirements.lock")
    }
    image = locks["deploy/requirements.lock"]
    assert image.items() <= locks["requirements.lock"].items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in ("dask", "kubernetes", "objects", "postgres"):
        wanted += project["optional-dependencies"][extra]
    names = {re.split(r"[<>=\[]", one)[0].lower() for one in wanted}
    assert names <= set(image)
    assert not {"pytest", "mypy", "moto", "ruff"} & set(image)
    assert "--require-hashes" in DOCKERFILE
    copied = re.findall(r"^COPY ([^-].*) \S+$", DOCKERFILE, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    assert re.search(r"^USER 10001$", DOCKERFILE, re.MULTILINE)


def test_no_file_of_the_deployment_holds_a_secret():
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name != "requirements.lock":
            text = path.read_text(encoding="utf-8")
            given = re.findall(r"(?im)^\s*\w*(?:password|secret|access_key|_hash)\s*[:=][ \t]*(\S+)", text)
            assert all(value.startswith(("{", "${", "false", "trying")) for value in given), path


def without_remote_references(schema: Any) -> Any:
    """Leave out what a schema takes from the network: the definitions of Kubernetes."""
    if isinstance(schema, dict):
        reference = str(schema.get("$ref", ""))
        kept = {name: value for name, value in schema.items() if name != "$ref" or reference.startswith("#")}
        return {name: without_remote_references(value) for name, value in kept.items()}
    return [without_remote_references(one) for one in schema] if isinstance(schema, list) else schema


def merged(defaults: Any, values: Any) -> Any:
    """Put values over the defaults of a chart as Helm does."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    return defaults | {name: merged(defaults.get(name), value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("variable", "values", "defaults", "schema"),
    [
        ("FTF_COMPOSE_SPEC", COMPOSE, None, "schema/compose-spec.json"),
        ("FTF_DAGSTER_CHART", HELM, "values.yaml", "values.schema.json"),
    ],
    ids=["compose", "helm"],
)
def test_the_files_satisfy_the_published_schema(
    variable: str, values: Any, defaults: str | None, schema: str
):
    """Both schemas are others' work: name a checkout of compose-spec, or the chart unpacked by helm pull."""
    jsonschema = pytest.importorskip("jsonschema")
    folder = os.environ.get(variable)
    if folder is None:
        pytest.skip(f"{variable} names no folder with {schema}")
    stated = without_remote_references(json.loads((Path(folder) / schema).read_text(encoding="utf-8")))
    if defaults is not None:
        values = merged(yaml.safe_load((Path(folder) / defaults).read_text(encoding="utf-8")), values)
    found = jsonschema.Draft202012Validator(stated).iter_errors(values)
    assert [f"{error.json_path}: {error.message}" for error in found] == []
