"""The examples of deploy/ can be used as they stand: what they name exists, and every path is routed."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT
from fullstory_mcp.cli.health import PORT
from fullstory_mcp.cli.main import main
from fullstory_mcp.oauth.access import AccessFile, Identity
from fullstory_mcp.oauth.model import Front
from fullstory_mcp.server.http import LEAVE_SECONDS, MOST_BODY_BYTES
from fullstory_mcp.settings import Settings

DEPLOY = ROOT / "deploy"
OWN, PREFIXED = Front("https://mcp.example.com"), Front("https://tools.example.com/fullstory")
NGINX = {"nginx.conf": OWN, "nginx-prefix.conf": PREFIXED}
LOCATION = re.compile(r"location (?:(=) )?(\S+) \{\s*proxy_pass http://fullstory_mcp;\s*\}")


def text_of(name: str) -> str:
    """A file of deploy/."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def paths(front: Front) -> Iterator[str]:
    """What clients and people ask for, from the root of the host."""
    yield from (f"{front.prefix}{path}" for path in ("/mcp", "/authorize", "/token", "/consent"))
    yield f"{front.prefix}/.well-known/openid-configuration"
    yield "/.well-known/oauth-protected-resource"
    yield f"/.well-known/oauth-protected-resource{front.prefix}/mcp"
    yield f"/.well-known/oauth-authorization-server{front.prefix}"
    yield f"/.well-known/openid-configuration{front.prefix}"


@pytest.mark.parametrize("name", NGINX)
def test_nginx_routes_every_path_as_it_is(name: str) -> None:
    """Also the metadata at the root of the host, and nothing of its neighbours."""
    locations = [(bool(exact), path) for exact, path in LOCATION.findall(text_of(name))]

    def routed(path: str) -> bool:
        return any(path == at or (not exact and path.startswith(at)) for exact, at in locations)

    assert len(locations) == len(re.findall(r"^    location ", text_of(name), re.MULTILINE))
    assert [path for path in paths(NGINX[name]) if not routed(path)] == []
    assert routed("/elsewhere") == (name == "nginx.conf")


@pytest.mark.parametrize("name", NGINX)
def test_nginx_lets_streams_large_bodies_and_tokens_through(name: str) -> None:
    """What nginx would do by itself, or could be told elsewhere, breaks one of them."""
    text = text_of(name)

    assert f"client_max_body_size {MOST_BODY_BYTES // 2**20}m;" in text
    assert f"server 127.0.0.1:{PORT};" in text
    for directive in (
        "proxy_buffering off;",
        "proxy_redirect off;",
        "proxy_set_header Authorization $http_authorization;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_http_version 1.1;",
    ):
        assert text.count(directive) == 1
    assert re.search(r"proxy_read_timeout \d+h;", text)


@pytest.mark.parametrize("name", NGINX)
def test_nginx_logs_no_queries(name: str) -> None:
    """That of a sign-in's callback holds a code."""
    (logged,) = re.findall(r"log_format fullstory_mcp '(.*)';", text_of(name))

    assert not set(re.findall(r"\$\w+", logged)) & {
        "$request",
        "$request_uri",
        "$args",
        "$query_string",
    }
    assert re.findall(r"access_log \S+ (\w+);", text_of(name)) == ["fullstory_mcp"]


@pytest.mark.parametrize("name", NGINX)
def test_nginx_takes_its_file(name: str, tmp_path: Path) -> None:
    """Braces and semicolons fit; where nginx is installed, it says so itself."""
    text = re.sub(r"#.*", "", text_of(name))
    assert text.count("{") == text.count("}")
    assert all(line.rstrip()[-1] in "{};" for line in text.splitlines() if line.strip())
    if (nginx := shutil.which("nginx")) is None:
        return
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}")
    done = subprocess.run([nginx, "-t", "-c", whole], capture_output=True, text=True, check=False)

    # Its further tests want folders and certificates that are not here.
    assert "syntax is ok" in done.stderr or "cannot load certificate" in done.stderr, done.stderr


def test_caddy_routes_every_path() -> None:
    """One block takes the whole host, the other the same paths as nginx under a prefix."""
    text = text_of("Caddyfile")
    prefixed = re.findall(r"^\t\tpath (\S+)$", text, re.MULTILINE)

    def routed(path: str) -> bool:
        return any(path == at or (at.endswith("*") and path.startswith(at[:-1])) for at in prefixed)

    assert [path for path in paths(PREFIXED) if not routed(path)] == []
    assert not routed("/elsewhere")
    assert f"max_size {MOST_BODY_BYTES // 2**20}MiB" in text
    assert f"reverse_proxy 127.0.0.1:{PORT} {{" in text
    assert "flush_interval -1" in text
    assert text.count("{") == text.count("}")


SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}


@pytest.mark.parametrize(
    "name", ["compose.yaml", "nginx.conf", "nginx-prefix.conf", "Caddyfile", "access.example.toml"]
)
def test_every_setting_that_is_named_exists(name: str) -> None:
    """A setting that was renamed would be silently ignored."""
    named = set(re.findall(r"FULLSTORY_[A-Z_]+[A-Z]", text_of(name)))

    assert named
    assert {
        each for each in named if each not in SETTINGS and each != "FULLSTORY_MCP_OIDC"
    } == set()


def test_access_example_is_an_access_file(tmp_path: Path) -> None:
    """It is read as it stands, once the files that it names are there, and maps people as it says."""
    for name in ("fullstory_support", "fullstory_admins", "gateway_secret"):
        (tmp_path / name).write_text(f"na1.sandbox-{name}")
    text = text_of("access.example.toml").replace("/run/secrets/", "")
    (tmp_path / "access.toml").write_text(text)

    access = AccessFile(tmp_path / "access.toml")
    issuer = "https://id.example.com"
    ada = Identity(issuer, "1", "ada@example.com", email_verified=True)
    boss = Identity(
        issuer, "2", "bo@example.com", email_verified=True, groups=("fullstory-admins",)
    )
    named = [access.match(each) for each in (ada, boss, Identity(issuer, "3"))]

    assert [each and (each.name, each.ceiling) for each in named] == [
        ("support", "standard"),
        ("admins", None),
        None,
    ]
    assert access.clients["our-gateway"].method == "client_secret_basic"


COMPOSE = text_of("compose.yaml")


def test_compose_runs_commands_that_exist() -> None:
    """The server, and before it the migration."""
    commands = re.findall(r'^    command: \["(\w+)"', COMPOSE, re.MULTILINE)

    assert commands == ["serve", "migrate"]
    assert set(commands) <= set(main.commands)


def test_compose_hands_secrets_over_as_files() -> None:
    """None is written in it or given as an environment variable, and each that is used is defined."""
    used = set(re.findall(r"/run/secrets/(\w+)", COMPOSE))
    files = dict(re.findall(r"^  (\w+):\n    file: (\S+)$", COMPOSE, re.MULTILINE))

    assert used == set(files) == {"secret_keys", "postgres_password"}
    assert all(file.startswith("secrets/") for file in files.values())
    assert "secrets/" in (DEPLOY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert re.findall(r"SECRET_KEYS: |PASSWORD: |DATABASE_URL: |API_KEY", COMPOSE) == []


def test_secrets_of_compose_reach_the_server(tmp_path: Path) -> None:
    """Its entry point reads them, and the server takes the place of the shell."""
    (script,) = re.findall(r"^    - \|\n((?:      .*\n)+)", COMPOSE, re.MULTILINE)
    for name, value in (("secret_keys", "a2V5\n"), ("postgres_password", "0a1b2c\n")):
        (tmp_path / name).write_text(value)
    tool = tmp_path / "fullstory-mcp"
    tool.write_text(
        '#!/bin/sh\necho "$$ $FULLSTORY_MCP_SECRET_KEYS $FULLSTORY_MCP_DATABASE_URL $*"\n'
    )
    tool.chmod(0o755)
    script = script.replace("$$", "$").replace("/run/secrets", str(tmp_path))
    with subprocess.Popen(
        ["/bin/sh", "-ec", script, "fullstory-mcp", "serve", "--host", "0.0.0.0"],  # noqa: S104 - in a container
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said, _ = process.communicate()

    database = "postgresql://fullstory:0a1b2c@database/fullstory"
    assert said == f"{process.pid} a2V5 {database} serve --host 0.0.0.0\n"


def test_compose_listens_to_its_own_machine_and_leaves_time_to_leave() -> None:
    """TLS is the proxy's: nothing else may reach the server, or the database."""
    assert re.findall(r"^      - (\S+:\d+:\d+)$", COMPOSE, re.MULTILINE) == [
        f"127.0.0.1:{PORT}:{PORT}"
    ]
    assert COMPOSE.count("ports:") == 1
    (grace,) = re.findall(r"stop_grace_period: (\d+)s", COMPOSE)
    assert int(grace) > LEAVE_SECONDS + 5
    assert re.findall(r"image: (postgres:\S+)", COMPOSE) == ["postgres:17-bookworm"]


def test_readme_names_every_example() -> None:
    """What lies in deploy/ is explained, and what is explained lies there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files = {
        f"deploy/{path.name}"
        for path in DEPLOY.iterdir()
        if path.suffix or path.name == "Caddyfile"
    }

    assert set(re.findall(r"deploy/[\w.-]+\w", readme)) == {
        file for file in files if "/." not in file
    }
