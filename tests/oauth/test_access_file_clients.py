"""Clients that the operator names beforehand: what the access file says of them, and where secrets are."""

import hashlib
import json
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.oauth.access import AccessFile

CLIENT = '[[clients]]\nid = "a"\nname = "A"\nredirect_uris = ["https://a.example.com/cb"]\n'


def access(tmp_path: Path, text: str) -> AccessFile:
    """The access file that says `text`."""
    path = tmp_path / "access.toml"
    path.write_text(text)
    return AccessFile(path)


def test_clients_known_beforehand_have_their_secrets_hashed(tmp_path: Path) -> None:
    """From a file, or as the hash alone; a method that needs none has none."""
    (tmp_path / "secret").write_text("s3cret\n")
    hashed = hashlib.sha256(b"s3cret").hexdigest()
    second = CLIENT.replace('"a"', '"b"')
    file = access(
        tmp_path,
        f'{CLIENT}method = "client_secret_basic"\nsecret_file = "secret"\n'
        f'{second}method = "client_secret_post"\nsecret_sha256 = "{hashed}"\n'
        + CLIENT.replace('"a"', '"c"').replace("https://a.example.com", "com.example.app:"),
    )

    assert [client.secret_hash for client in file.clients.values()] == [hashed, hashed, None]
    assert [client.kind for client in file.clients.values()] == ["known"] * 3
    assert "s3cret" not in repr(file.clients)


def test_clients_known_beforehand_may_sign(tmp_path: Path) -> None:
    """By the public keys in a file, or at an address."""
    public = RSAKey.generate_key(2048, private=False).as_dict(private=False)
    (tmp_path / "jwks").write_text(json.dumps({"keys": [public]}))
    signing = f'{CLIENT}method = "private_key_jwt"\n'

    in_file = access(tmp_path, f'{signing}jwks_file = "jwks"\n').clients["a"]
    elsewhere = access(tmp_path, f'{signing}jwks_uri = "https://a.example.com/k"\n').clients["a"]

    assert in_file.jwks is not None
    assert in_file.jwks["keys"][0]["n"] == public["n"]
    assert elsewhere.jwks_uri == "https://a.example.com/k"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CLIENT + CLIENT, "[[clients]] row 2: an earlier row has the same id"),
        (CLIENT + 'method = "client_secret_basic"', "exactly one of secret_file, secret_sha256"),
        (CLIENT + 'method = "private_key_jwt"', "exactly one of jwks_file, jwks_uri"),
        (CLIENT + 'method = "tls_client_auth"', "[[clients]] row 1 method"),
        (CLIENT + 'secret_file = "s"', "secret_file is of no use to the method none"),
        (CLIENT + 'secret = "s"', "[[clients]] row 1 secret: is not known here"),
        (CLIENT + 'method = "client_secret_post"\nsecret_sha256 = "ab"', "row 1 secret_sha256"),
        (CLIENT + 'method = "client_secret_post"\nsecret_file = "empty"', "the file is empty"),
        (CLIENT + 'method = "private_key_jwt"\njwks_file = "empty"', "is not JSON"),
        (CLIENT + 'method = "private_key_jwt"\njwks_file = "private"', "public signature keys"),
        (CLIENT + 'method = "private_key_jwt"\njwks_file = "list"', "public signature keys"),
        (CLIENT.replace("https:", "http:"), "must be https"),
        (CLIENT.replace("https:", "javascript:"), "does not send people to"),
        (CLIENT.replace("/cb", "/cb#x"), "fragment"),
        (CLIENT.replace('["https://a.example.com/cb"]', "[]"), "at least 1"),
        (CLIENT.replace('name = "A"\n', ""), "[[clients]] row 1 name: Field required"),
    ],
)
def test_a_client_that_could_not_work_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Its row is named, and what it lacks."""
    private = RSAKey.generate_key(2048).as_dict(private=True)
    (tmp_path / "private").write_text(json.dumps({"keys": [private]}))
    (tmp_path / "empty").write_text("")
    (tmp_path / "list").write_text("[1]")

    with pytest.raises(SettingsError) as error:
        access(tmp_path, text)
    assert why in str(error.value)
